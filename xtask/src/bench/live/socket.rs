//! As much of a WebSocket as a viewer needs: one message out, many in. In the compact form, as the page has it.

use crate::bench::http::Client;
use anyhow::{Context as _, Result, bail, ensure};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// What frames are: RFC 6455, section 11.8.
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// How long the rest of a message may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A question of a viewer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Question {
    /// As `GET /api/v1/envelope`.
    Envelope {
        metric: String,
        channels: String,
        from: String,
        to: String,
        columns: u32,
    },
    /// As `GET /api/v1/raster` of means.
    Raster {
        metric: String,
        from: String,
        to: String,
        columns: u32,
        rows: u32,
    },
}

impl Question {
    /// The same question over HTTP.
    fn path(&self) -> String {
        match self {
            Self::Envelope {
                metric,
                channels,
                from,
                to,
                columns,
            } => {
                format!("/api/v1/envelope?metric={metric}&channels={channels}&from={from}&to={to}&columns={columns}")
            }
            Self::Raster {
                metric,
                from,
                to,
                columns,
                rows,
            } => format!("/api/v1/raster?metric={metric}&from={from}&to={to}&columns={columns}&rows={rows}&stat=mean"),
        }
    }
}

/// Of which run of the server an answer is, and after which change.
type Position = (i64, u64);

/// An open socket.
#[derive(Debug)]
pub(super) struct Socket(BufReader<TcpStream>);

impl Socket {
    /// Asks over HTTP, opens a socket to a server such as `http://127.0.0.1:8080`, and subscribes to what changes from there
    /// on: as the page does.
    pub(super) fn open(client: &Client, url: &str, questions: &[Question]) -> Result<Self> {
        let positions = questions.iter().map(|question| {
            let position = client.position(&question.path())?;
            let (epoch, sequence) = position.split_once('.').context("a position of another form")?;
            Ok((epoch.parse()?, sequence.parse()?))
        });
        let positions: Vec<Position> = positions.collect::<Result<_>>()?;
        let host = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).context("no connection for live updates")?;
        stream.set_nodelay(true)?;
        write!(
            stream,
            "GET /api/v1/live HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: d2F0Y2hyb29tLWJlbmNoIQ==\r\n\r\n"
        )?;
        let mut reader = BufReader::new(stream);
        let mut status = String::new();
        reader.read_line(&mut status)?;
        ensure!(status.contains(" 101 "), "no WebSocket: {}", status.trim());
        let mut line = status;
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line)?;
        }
        let message = subscribe(questions, &positions);
        let mut socket = Self(reader);
        socket.send(BINARY, &message)?;
        Ok(socket)
    }

    /// Sends a message, masked.
    fn send(&mut self, opcode: u8, message: &[u8]) -> Result<()> {
        let mut frame = vec![0x80 | opcode];
        match u8::try_from(message.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | length),
            _ => {
                frame.push(0xfe);
                frame.extend_from_slice(&u16::try_from(message.len())?.to_be_bytes());
            }
        }
        // The mask of zeros, under which a message is what it is.
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(message);
        self.0.get_mut().write_all(&frame)?;
        Ok(())
    }

    /// When the next increment has come, whole; `None` at the deadline.
    pub(super) fn next_increment(&mut self, deadline: Instant) -> Result<Option<Instant>> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left < Duration::from_millis(1) {
                return Ok(None);
            }
            self.0.get_ref().set_read_timeout(Some(left))?;
            let mut head = [0; 2];
            if let Err(error) = self.0.read_exact(&mut head) {
                ensure!(deadline <= Instant::now(), "the socket broke: {error}");
                return Ok(None);
            }
            // What has begun comes to its end.
            self.0.get_ref().set_read_timeout(Some(PATIENCE))?;
            let length = match head[1] & 0x7f {
                126 => {
                    let mut length = [0; 2];
                    self.0.read_exact(&mut length)?;
                    usize::from(u16::from_be_bytes(length))
                }
                127 => {
                    let mut length = [0; 8];
                    self.0.read_exact(&mut length)?;
                    usize::try_from(u64::from_be_bytes(length))?
                }
                length => usize::from(length),
            };
            let mut message = vec![0; length];
            self.0.read_exact(&mut message)?;
            match (head[0] & 0x0f, message.first()) {
                // The number of `ServerMessage::Increment` among its variants.
                (BINARY, Some(1)) => return Ok(Some(Instant::now())),
                (BINARY, Some(3)) => bail!("a question was refused"),
                (CLOSE, _) => bail!("the server closed the socket"),
                // A client that does not say that it is there is let go of.
                (PING, _) => self.send(PONG, &message)?,
                _ => {}
            }
        }
    }
}

/// `ClientMessage::Subscribe` in the postcard wire format.
fn subscribe(questions: &[Question], positions: &[Position]) -> Vec<u8> {
    let mut bytes = vec![0];
    varint(&mut bytes, questions.len() as u64);
    for (id, (question, (epoch, sequence))) in questions.iter().zip(positions).enumerate() {
        varint(&mut bytes, id as u64);
        match question {
            Question::Envelope {
                metric,
                channels,
                from,
                to,
                columns,
            } => {
                bytes.push(0);
                for text in [metric, channels, from, to] {
                    string(&mut bytes, text);
                }
                varint(&mut bytes, u64::from(*columns));
            }
            Question::Raster {
                metric,
                from,
                to,
                columns,
                rows,
            } => {
                bytes.push(1);
                for text in [metric, from, to] {
                    string(&mut bytes, text);
                }
                varint(&mut bytes, u64::from(*columns));
                varint(&mut bytes, u64::from(*rows));
                // The mean, between no given ends, not by logarithms.
                bytes.extend_from_slice(&[0, 0, 0, 0]);
            }
        }
        bytes.push(1);
        varint(&mut bytes, zigzag(*epoch));
        varint(&mut bytes, *sequence);
    }
    bytes
}

fn string(bytes: &mut Vec<u8>, text: &str) {
    varint(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// A signed number so that those near zero are short.
const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while 0x80 <= number {
        bytes.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_seven_bits_at_a_time() {
        let mut bytes = Vec::new();
        for number in [0, 127, 128, 1200] {
            varint(&mut bytes, number);
        }
        assert_eq!(bytes, [0, 127, 0x80, 1, 0xb0, 9]);
        assert_eq!(
            [0, -1, 1, i64::MAX, i64::MIN].map(zigzag),
            [0, 1, 2, u64::MAX - 1, u64::MAX]
        );
    }
}
