//! One client, from its first message to its last.
//!
//! Nothing is queued for it: while its socket takes nothing, its questions go on without it, and once it does it is sent
//! what makes up for all of that. A client that takes nothing for long is let go of; it resumes when it comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use shared::compact;
use shared::live::{self, ClientMessage, Heartbeat, MAX_SUBSCRIPTIONS, Question, ServerMessage};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::step::{Form, Outgoing};
use super::subscription::{Next, Subscription, next_step};
use super::{Live, error};

/// How often a client is told that the server lives.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long a client may take nothing of what it is sent.
const SEND_PATIENCE: Duration = Duration::from_secs(20);

/// How often a silent client is asked whether it is there.
const PING: Duration = Duration::from_secs(10);

/// How long a client may say nothing, not even that it is there.
const SILENCE_PATIENCE: Duration = Duration::from_secs(45);

/// What comes from a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Incoming {
    /// A message in the compact form.
    Binary(Vec<u8>),
    /// A message as JSON.
    Text(String),
    /// That it is there.
    Pong,
    /// That it goes.
    Close,
}

/// Why a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The client went.
    Gone,
    /// The client took nothing, or said nothing, for too long.
    Silent,
    /// The client said what is not understood.
    Misunderstood,
    /// The server stops.
    Stopped,
}

struct Session<S, R> {
    live: Arc<Live>,
    out: S,
    /// Counts the changes of dashboards.
    revision: R,
    heartbeat: Interval,
    form: Form,
    /// Whether the client has said what it wants to hear.
    has_asked: bool,
    subscriptions: BTreeMap<u32, Subscription>,
    /// Wakes it when there may be something to send.
    ear: Arc<Notify>,
    /// Wakes it when the store is gone or back, which a client is told at once.
    pulse: watch::Receiver<bool>,
}

/// Serves a client until one of both ends it. `revision` counts the changes of dashboards.
pub async fn serve<E>(
    live: Arc<Live>,
    out: impl Sink<Outgoing> + Unpin,
    incoming: impl Stream<Item = Result<Incoming, E>> + Unpin,
    revision: impl Fn() -> u64,
) -> End {
    let mut stopping = live.stopping();
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut session = Session {
        pulse: live.pulse.listen(),
        live,
        out,
        revision,
        heartbeat,
        form: Form::default(),
        has_asked: false,
        subscriptions: BTreeMap::new(),
        ear: Arc::new(Notify::new()),
    };
    let ended = tokio::select! {
        end = session.run(incoming) => end,
        // The sender is never gone before: it lives in what the session holds.
        _ = stopping.wait_for(|stopping| *stopping) => End::Stopped,
    };
    let farewell = match ended {
        End::Gone => "",
        End::Silent => "nothing was taken for too long",
        End::Misunderstood => "a message was not understood",
        End::Stopped => "the server stops",
    };
    if ended != End::Gone {
        // Whoever does not take it finds the socket closed all the same.
        let _told = session.send(vec![Outgoing::Close(farewell)]).await;
    }
    ended
}

impl<S: Sink<Outgoing> + Unpin, R: Fn() -> u64> Session<S, R> {
    async fn run<E>(&mut self, mut incoming: impl Stream<Item = Result<Incoming, E>> + Unpin) -> End {
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let went = tokio::select! {
                message = incoming.next() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Incoming::Binary(bytes))) => self.hear(compact::from_bytes(&bytes).ok(), Form::Compact).await,
                        Some(Ok(Incoming::Text(text))) => self.hear(serde_json::from_str(&text).ok(), Form::Json).await,
                        Some(Ok(Incoming::Pong)) => Ok(()),
                        Some(Ok(Incoming::Close) | Err(_)) | None => Err(End::Gone),
                    }
                }
                _ = self.heartbeat.tick() => self.beat_and_try_again().await,
                _ = ping.tick() => {
                    if SILENCE_PATIENCE < heard.elapsed() {
                        return End::Silent;
                    }
                    self.send(vec![Outgoing::Ping]).await
                }
                () = self.ear.notified() => self.tell().await,
                // The sender lives as long as this.
                Ok(()) = self.pulse.changed() => self.beat_and_try_again().await,
            };
            if let Err(end) = went {
                return end;
            }
        }
    }

    /// Takes in what the client wants to hear from now on.
    async fn hear(&mut self, message: Option<ClientMessage>, form: Form) -> Result<(), End> {
        self.form = form;
        let Some(ClientMessage::Subscribe(wanted)) = message else {
            return Err(End::Misunderstood);
        };
        let ids: BTreeSet<u32> = wanted.iter().map(|wanted| wanted.id).collect();
        self.subscriptions.retain(|id, _| ids.contains(id));
        for wanted in wanted {
            let goes_on = |known: &Subscription| known.goes_on() && known.question == wanted.question;
            if self.subscriptions.get(&wanted.id).is_some_and(goes_on) {
                continue;
            }
            self.subscriptions.remove(&wanted.id);
            self.open(wanted).await?;
        }
        self.has_asked = true;
        self.tell().await
    }

    async fn open(&mut self, wanted: live::Subscription) -> Result<(), End> {
        let live::Subscription { id, question, since } = wanted;
        if MAX_SUBSCRIPTIONS <= self.subscriptions.len() {
            let refused = error::too_many_subscriptions();
            let mut subscription = Subscription::ended(id, question);
            return self.send(subscription.refuse(refused, self.form)).await;
        }
        let base = &self.live.base;
        let is_stored = !matches!(question, Question::Alarms | Question::Streams);
        let unknown = since.filter(|since| is_stored && !base.hub.knows(*since));
        if unknown.is_some() {
            let reason = "the server has been restarted, or has forgotten what was there before".to_owned();
            self.subscriptions.insert(id, Subscription::lost(id, question));
            let resync = self.form.message(&ServerMessage::Resync { id, reason });
            base.figures.resyncs.inc();
            return self.send(resync.into_iter().collect()).await;
        }
        let at = since.filter(|_| is_stored).map(|since| since.sequence);
        let live = Arc::clone(&self.live);
        let asked = question.clone();
        let opened = self
            .meanwhile(async move { live.registry.open(&live.base, &asked).await })
            .await?;
        let mut told = Vec::new();
        let subscription = match opened {
            Ok(topic) => Subscription::open(id, question, topic, at, &self.ear),
            Err(Some(error)) => {
                let mut ended = Subscription::ended(id, question);
                told = ended.refuse(error, self.form);
                ended
            }
            Err(None) => Subscription::unopened(id, question),
        };
        self.subscriptions.insert(id, subscription);
        self.send(told).await
    }

    /// Sends what there is to send.
    async fn tell(&mut self) -> Result<(), End> {
        let ids: Vec<u32> = self.subscriptions.keys().copied().collect();
        for id in ids {
            let place = self.subscriptions.get(&id).and_then(Subscription::place);
            let Some((topic, at)) = place else { continue };
            let next = self.meanwhile(async move { next_step(&topic, at).await }).await?;
            if let Some(subscription) = self.subscriptions.get_mut(&id) {
                let is_lost = matches!(next, Next::Lost);
                let messages = subscription.take(next, self.form);
                let n_increments = if subscription.goes_on() {
                    messages.len() as u64
                } else {
                    0
                };
                self.send(messages).await?;
                let figures = &self.live.base.figures;
                figures.increments.inc_by(n_increments);
                figures.resyncs.inc_by(is_lost.into());
            }
        }
        Ok(())
    }

    /// Waits for something that a store may keep waiting, and goes on telling that the server lives.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<T, End> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                _ = self.heartbeat.tick() => self.beat().await?,
                Ok(()) = self.pulse.changed() => self.beat().await?,
            }
        }
    }

    async fn beat_and_try_again(&mut self) -> Result<(), End> {
        self.beat().await?;
        let unopened: Vec<(u32, Question)> = self
            .subscriptions
            .iter()
            .filter(|(_, subscription)| subscription.is_unopened())
            .map(|(id, subscription)| (*id, subscription.question.clone()))
            .collect();
        for (id, question) in unopened {
            self.subscriptions.remove(&id);
            // Where it was is not known any more: it gets all of the answer.
            let since = None;
            self.open(live::Subscription { id, question, since }).await?;
        }
        // What a failing store has held back.
        self.tell().await
    }

    async fn beat(&mut self) -> Result<(), End> {
        let base = &self.live.base;
        // Read first: whoever is clean up to here has been told all of it.
        let mut position = base.hub.position();
        let until = position.sequence;
        let behind = self
            .subscriptions
            .values()
            .filter_map(|subscription| subscription.behind(until));
        let behind = if self.has_asked { behind.min() } else { Some(0) };
        if let Some(least) = behind {
            position.sequence = least;
        }
        let heartbeat = ServerMessage::Heartbeat(Heartbeat {
            now_us: base.clock.now().as_micros(),
            position,
            dashboards_revision: (self.revision)(),
            store_ok: self.live.pulse.is_ok(),
        });
        self.send(self.form.message(&heartbeat).into_iter().collect()).await
    }

    async fn send(&mut self, messages: Vec<Outgoing>) -> Result<(), End> {
        for message in messages {
            match tokio::time::timeout(SEND_PATIENCE, self.out.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(_gone)) => return Err(End::Gone),
                Err(_elapsed) => return Err(End::Silent),
            }
        }
        Ok(())
    }
}
