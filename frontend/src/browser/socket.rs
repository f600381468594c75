//! A WebSocket with one listener for all that happens to it.

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, Event, MessageEvent, WebSocket};

use crate::browser::location::base_uri;

/// What happens to a socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happening {
    /// It is open: messages may be sent.
    Opened,
    /// The other side said something.
    Said(Vec<u8>),
    /// It is no more, or never was.
    Closed,
}

/// An open socket, or one that is being opened. Closed when it is dropped, after which nothing happens to it any more.
pub struct Socket {
    socket: WebSocket,
    _listener: Closure<dyn Fn(Event)>,
}

impl Socket {
    /// Opens a socket at a path below the page's base; `None` where the browser refuses at once.
    pub fn open(path: &str, on: impl Fn(Happening) + 'static) -> Option<Self> {
        // `ws` for `http`, `wss` for `https`.
        let address = base_uri().replacen("http", "ws", 1) + path.trim_start_matches('/');
        let socket = WebSocket::new(&address).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            on(match event.dyn_ref::<MessageEvent>() {
                Some(message) => match message.data().dyn_into::<ArrayBuffer>() {
                    Ok(bytes) => Happening::Said(Uint8Array::new(&bytes).to_vec()),
                    // Text is for scripts; a server that sends it to a page is none of ours.
                    Err(_) => Happening::Closed,
                },
                None if event.type_() == "open" => Happening::Opened,
                None => Happening::Closed,
            });
        });
        let on_event = Some(listener.as_ref().unchecked_ref());
        socket.set_onopen(on_event);
        socket.set_onmessage(on_event);
        // An error is followed by a close.
        socket.set_onclose(on_event);
        Some(Self {
            socket,
            _listener: listener,
        })
    }

    /// Sends a message; what cannot be sent is lost, as on any line that is cut.
    pub fn send(&self, message: &[u8]) {
        // Fails while the socket is not open, and then its close is told.
        let _ = self.socket.send_with_u8_array(message);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Fails only for codes of one's own.
        let _ = self.socket.close();
    }
}
