//! Sockets that are cut, held up, half closed and split; servers that are restarted; hours in seconds.

use super::*;

/// Follows through a proxy while samples are written; what the client holds in the end is what HTTP answers.
async fn survives(seed: u64) {
    let app = TestApp::new();
    write(&app, 0, "[1,2,3]").await;
    let proxy = Proxy::start(serve(app.router.clone()).await, seed, 12).await;
    let mut client = LiveClient::new(&server(&app.router), proxy.address, questions());
    let (mut rng, last) = (Rng::with_seed(seed), Mutex::new(None));
    let writing = async {
        write_some(&app, &mut rng, 150, Duration::from_millis(8)).await;
        *last.lock().unwrap() = Some(position(&app));
    };
    let done = |heartbeat: shared::live::Heartbeat| last.lock().unwrap().is_some_and(|last| heartbeat.position >= last);
    tokio::join!(writing, client.follow_until(done));
    client.check().await;
}

#[tokio::test]
async fn whatever_happens_to_the_socket_the_answers_are_those_of_one_never_cut() {
    let mut all = tokio::task::JoinSet::new();
    for seed in 0..12 {
        all.spawn(survives(seed));
    }
    while let Some(one) = all.join_next().await {
        one.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_is_restarted_in_the_middle_is_found_again() {
    let first = TestApp::new();
    write(&first, 0, "[1,2,3]").await;
    let proxy = Proxy::start(serve(first.router.clone()).await, 3, 0).await;
    let server = server(&first.router);
    let mut client = LiveClient::new(&server, proxy.address, questions());
    let (mut rng, last) = (Rng::with_seed(5), Mutex::new(None));
    let writing = async {
        write_some(&first, &mut rng, 60, Duration::from_millis(5)).await;
        let later = time(NOW).saturating_add_micros(60_000_000);
        let second = TestApp::over_at(Arc::clone(&first.store), later);
        second.clock.set(time(NOW));
        *server.lock().unwrap() = second.router.clone();
        proxy.lead_to(serve(second.router.clone()).await);
        first.app.live.stop();
        write_some(&second, &mut rng, 90, Duration::from_millis(5)).await;
        *last.lock().unwrap() = Some(position(&second));
        second
    };
    let done = |heartbeat: shared::live::Heartbeat| {
        last.lock()
            .unwrap()
            .is_some_and(|last| heartbeat.position.epoch == last.epoch && heartbeat.position >= last)
    };
    let (_second, ()) = tokio::join!(writing, client.follow_until(done));
    client.check().await;
    assert!(2 <= client.n_connections);
}

#[tokio::test]
async fn eight_hours_leave_nothing_behind_and_nothing_out() {
    let app = TestApp::new();
    app.clock.set(time("2026-11-20T12:00:00Z"));
    write(&app, 0, "[1,2,3]").await;
    let proxy = Proxy::start(serve(app.router.clone()).await, 11, 6).await;
    let mut client = LiveClient::new(&server(&app.router), proxy.address, questions());
    let last = Mutex::new(None);
    let writing = async {
        for minute in 1..=480 {
            app.clock.advance_micros(60_000_000);
            write(&app, minute, &format!("[{},{},{}]", minute % 7, minute, -minute)).await;
            if minute % 30 == 0 {
                write(&app, minute / 2, "[100,null,-100]").await;
            }
            tokio::time::sleep(Duration::from_millis(6)).await;
        }
        *last.lock().unwrap() = Some(position(&app));
    };
    let done = |heartbeat: shared::live::Heartbeat| last.lock().unwrap().is_some_and(|last| heartbeat.position >= last);
    tokio::join!(writing, client.follow_until(done));
    // Ages count on between the last increment and the answer of HTTP, but not on this clock.
    client.check().await;
    assert!(app.app.live.hub.n_remembered() <= 64);
}
