//! `watchroom check` as Nagios runs it: one line and an exit code, against a real server and against what is none.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::command::{Running, Site};

/// The exit code and all that is printed.
fn check(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_watchroom"))
        .env_clear()
        .stdin(Stdio::null())
        .arg("check")
        .args(arguments)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[test]
fn a_check_of_a_running_server_is_one_line_with_its_exit_code() {
    let site = Site::with_config(
        "[server]\nlisten = \"127.0.0.1:0\"\nbase_path = \"/wall\"\n[store]\nurl = \"memory:\"\n[metrics.\"dome.wind\"]\ninterval = \"1d\"\n",
    );
    let server = Running::start(&mut site.serve());
    let address = server.address.split('/').next().unwrap();
    let url = format!("http://{address}/wall/");
    let now = std::process::Command::new("date")
        .args(["-u", "+%FT%TZ"])
        .output()
        .unwrap();
    let now = String::from_utf8(now.stdout).unwrap();
    let body = format!(
        r#"{{"frames":[{{"metric":"dome.wind","time":"{}","values":[1]}}]}}"#,
        now.trim()
    );
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "POST /wall/api/v1/frames HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    // Streams are counted once a second.
    let mut tries = 0;
    let (code, line) = loop {
        let (code, line) = check(&["dome.wind", "--url", &url]);
        tries += 1;
        if code == 0 || 100 < tries {
            break (code, line);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert_eq!(code, 0, "{line}");
    assert!(
        line.starts_with("WATCHROOM OK - dome.wind is fresh | age=") && line.ends_with("s;;;0\n"),
        "{line}"
    );
    let (code, line) = check(&["dome.wnd", "--url", &url]);
    assert_eq!(code, 3);
    assert_snapshot!(line, @r#"WATCHROOM UNKNOWN - there is no rule, system or stream "dome.wnd"; did you mean "dome.wind"?"#);
}

#[test]
fn whatever_keeps_it_from_knowing_is_unknown() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, line) = check(&["all", "--url", &format!("http://{nobody}")]);
    assert_eq!(code, 3);
    assert!(
        line.starts_with(&format!("WATCHROOM UNKNOWN - http://{nobody}: ")),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1);

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let (code, line) = check(&["all", "--url", &url, "--timeout", "200ms"]);
    assert_eq!(
        (code, line),
        (3, format!("WATCHROOM UNKNOWN - {url} does not answer within 200ms\n"))
    );

    for (answer, told) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "answers 404 Not Found",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "answers 302 Found",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "does not answer as a watchroom does",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 55\r\n\r\n{\"status_intervals\":[{\"num_status\":9,\"txt_status\":\"\"}]}",
            "does not answer as a watchroom does",
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
            stream.write_all(answer.as_bytes()).unwrap();
            // Until the other side has gone.
            let _end = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let (code, line) = check(&["all", "--url", &url]);
        assert_eq!(code, 3, "{line}");
        assert!(line.contains(told), "{line}");
        server.join().unwrap();
    }
    // A mistake on the command line is not critical either.
    assert_eq!(check(&["all", "--tiemout", "1s"]).0, 3);
    assert_eq!(check(&["--help"]).0, 0);
}
