//! The server as a process, and a connection to it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::de::DeserializeOwned;
use shared::compact;

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that runs until dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
}

/// A folder with a configuration, and the server's log.
pub(crate) struct Site {
    folder: PathBuf,
}

impl Site {
    pub(crate) fn new(folder: &Path, store_url: &str) -> Self {
        let config = format!("[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"{store_url}\"\n");
        fs::write(folder.join("watchroom.toml"), config).unwrap();
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Starts the process; it is not ready yet.
    pub(crate) fn spawn(&self, environment: &[(&str, &Path)]) -> Child {
        let log = File::options().append(true).create(true).open(self.log_path()).unwrap();
        let mut command = Command::new(program());
        command
            .env_clear()
            .envs(environment.iter().copied())
            .current_dir(&self.folder)
            .args(["serve", "--config", "watchroom.toml"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        command.spawn().unwrap()
    }

    /// Starts the server and waits until it is ready.
    pub(crate) fn start(&self, environment: &[(&str, &Path)]) -> Server {
        let mut child = self.spawn(environment);
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let Some(url) = line.trim().strip_prefix("watchroom is ready on http://") else {
            panic!("the server did not start: {:?}\n{}", child.wait().unwrap(), self.log());
        };
        let address = url.split('/').next().unwrap().to_owned();
        Server { child, address }
    }

    /// Runs another command of the program on this site; gives whether it succeeded, and what it said.
    pub(crate) fn command(&self, args: &[&str]) -> (bool, String) {
        let mut command = Command::new(program());
        let command = command.env_clear().current_dir(&self.folder).args(args);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// The end of what the servers here have logged.
    pub(crate) fn log(&self) -> String {
        let log = fs::read(self.log_path()).unwrap_or_default();
        let start = log.len().saturating_sub(4000);
        String::from_utf8_lossy(&log[start..]).into_owned()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("server.log")
    }
}

impl Server {
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(&self.address).unwrap()
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(mut self) {
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as a service manager does, and does not wait.
    pub(crate) fn ask_to_stop(&self) {
        let sent = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails where it has ended before.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The program under test: the one that was built with the tests, unless the environment names another.
fn program() -> OsString {
    std::env::var_os("WATCHROOM_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_watchroom").into())
}

/// One connection that is kept open between requests.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

/// An answer that came whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    pub(crate) fn post(&mut self, path: &str, media_type: &str, body: &str) -> io::Result<Answer> {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.exchange(&request)
    }

    /// Asks for an answer in the compact form, which is exact.
    pub(crate) fn get(&mut self, path_and_query: &str) -> io::Result<Answer> {
        let media_type = compact::MEDIA_TYPE;
        self.exchange(&format!(
            "GET {path_and_query} HTTP/1.1\r\nHost: test\r\nAccept: {media_type}\r\n\r\n"
        ))
    }

    /// Sends a request and reads its answer. An error means that the other side has gone before it had answered.
    fn exchange(&mut self, request: &str) -> io::Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut n_bytes = 0;
        loop {
            let header = self.line()?.to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(length) = header.strip_prefix("content-length: ") {
                n_bytes = length.parse().unwrap();
            }
            assert!(!header.starts_with("transfer-encoding"), "answers here have a length");
        }
        let mut body = vec![0; n_bytes];
        self.stream.read_exact(&mut body)?;
        Ok(Answer {
            status: status.unwrap_or_else(|| panic!("not a status line: {status_line:?}")),
            body,
        })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line);
        if let Err(error) = &read {
            let late = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut].contains(&error.kind());
            assert!(!late, "the server did not answer within {PATIENCE:?}");
        }
        read?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Answer {
    /// The answer in the compact form.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> T {
        compact::from_bytes(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
