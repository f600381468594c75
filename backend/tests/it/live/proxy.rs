//! A proxy that treats connections badly, by a seed: it cuts them, holds them up, closes one half, and gives on bytes in
//! other pieces than they came in.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What happens to one direction of a connection.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Fine,
    /// Both directions end after so many bytes.
    CutAfter(usize),
    /// This direction ends after so many bytes; the other goes on.
    HalfClosedAfter(usize),
    /// Nothing gets through any more after so many bytes, and nobody is told.
    SilentAfter(usize),
}

#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    upstream: Arc<Mutex<SocketAddr>>,
}

impl Proxy {
    /// Before a server; the first so many connections are treated badly.
    pub(crate) async fn start(upstream: SocketAddr, seed: u64, n_bad: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let upstream = Arc::new(Mutex::new(upstream));
        let target = Arc::clone(&upstream);
        tokio::spawn(async move {
            let mut rng = Rng::with_seed(seed);
            let mut n_connections = 0;
            while let Ok((client, _)) = listener.accept().await {
                n_connections += 1;
                let is_bad = n_connections <= n_bad;
                let connection_rng = Rng::with_seed(rng.u64(..));
                let target = *target.lock().unwrap();
                tokio::spawn(treat(client, target, connection_rng, is_bad));
            }
        });
        Self { address, upstream }
    }

    /// Leads new connections to another server.
    pub(crate) fn lead_to(&self, upstream: SocketAddr) {
        *self.upstream.lock().unwrap() = upstream;
    }
}

async fn treat(client: TcpStream, upstream: SocketAddr, mut rng: Rng, is_bad: bool) {
    let Ok(server) = TcpStream::connect(upstream).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let fate = |rng: &mut Rng| match rng.u8(0..8) {
        _ if !is_bad => Fate::Fine,
        0..=2 => Fate::CutAfter(rng.usize(0..30_000)),
        3..=4 => Fate::HalfClosedAfter(rng.usize(0..20_000)),
        5 => Fate::SilentAfter(rng.usize(200..20_000)),
        _ => Fate::Fine,
    };
    let fates = [fate(&mut rng), fate(&mut rng)];
    let rngs = [rng.fork(), rng.fork()];
    let [up_rng, down_rng] = rngs;
    let up = tokio::spawn(pump(from_client, to_server, fates[0], up_rng, is_bad));
    let down = tokio::spawn(pump(from_server, to_client, fates[1], down_rng, is_bad));
    let (stop_up, stop_down) = (up.abort_handle(), down.abort_handle());
    // One that was cut takes the other with it.
    let watched = async |pump: tokio::task::JoinHandle<bool>| {
        if pump.await.unwrap_or(true) {
            stop_up.abort();
            stop_down.abort();
        }
    };
    tokio::join!(watched(up), watched(down));
}

/// Gives bytes on; whether both directions end with it.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fate: Fate, mut rng: Rng, is_bad: bool) -> bool {
    let mut buffer = vec![0; 16 << 10];
    let mut n_bytes = 0;
    loop {
        let Ok(n @ 1..) = from.read(&mut buffer).await else {
            let _gone = to.shutdown().await;
            return false;
        };
        let mut rest = &buffer[..n];
        while !rest.is_empty() {
            let n_piece = if is_bad {
                rng.usize(1..=rest.len().min(5000))
            } else {
                rest.len()
            };
            let (piece, later) = rest.split_at(n_piece);
            rest = later;
            n_bytes += n_piece;
            match fate {
                Fate::CutAfter(limit) if limit < n_bytes => return true,
                Fate::HalfClosedAfter(limit) if limit < n_bytes => {
                    let _gone = to.shutdown().await;
                    return false;
                }
                Fate::SilentAfter(limit) if limit < n_bytes => continue,
                _ => {}
            }
            if is_bad && rng.u8(0..10) == 0 {
                tokio::time::sleep(Duration::from_millis(rng.u64(0..60))).await;
            }
            if to.write_all(piece).await.is_err() {
                return true;
            }
        }
    }
}
