//! Telling others: what happened to alarms goes to people by mail and webhooks, through a durable outbox.
//!
//! * [`settings`]: who is told what, as `[notify]` of the configuration says.
//! * [`notice`]: one thing that happened, and the texts that tell it; `digest` tells many in one message.
//! * [`delivery`]: a notice on its way to one receiver, a record in the collection `outbox`. [`Settings::enqueue`] gives the changes that
//!   put it there, to be applied **in the transaction that keeps what happened**: neither is there without the other.
//! * `plan`: what is to be done now, as a pure function of the time, what waits and what was sent.
//! * [`worker`]: claims deliveries by compare-and-set, sends them and keeps what became of it.
//! * [`transport`]: the ways out: SMTP and HTTP, with limits on time and size.
//!
//! # What is promised
//!
//! A delivery is sent at least once: a server that dies between sending and keeping that it was sent leaves a claim
//! that ends, and the delivery is sent again. Whoever must not act twice compares its key, which is in the header `Message-ID` of
//! mails and `X-Watchroom-Delivery` of webhooks. While no server dies, each is sent once: of several servers on one database one
//! has the claim, and keys that were sent are remembered for two days.
//!
//! What fails for a reason that may pass is tried again, first after 15 s, then after twice as long each time, at most half an hour, each
//! by chance a quarter longer or shorter, until `give_up_after`. What is refused for good, or tried for so long,
//! goes to the collection `dead_letters`, from where a person may send it again.
//!
//! | outcome | |
//! |---|---|
//! | refused, reset, closed or silent connection, name that is not found, TLS that does not fit | tried again |
//! | SMTP 4xx, or 5xx to the log-in | tried again |
//! | SMTP 5xx to sender, receiver or text | given up |
//! | HTTP 2xx | sent |
//! | HTTP 408, 425, 429, 5xx | tried again, not before `Retry-After` |
//! | HTTP 3xx, for nothing is sent elsewhere; other 4xx | given up |

pub mod delivery;

pub mod notice;

pub mod settings;

pub mod transport;

pub mod worker;

mod digest;

mod plan;

mod enqueue;

mod outbox;

mod secret;

pub use enqueue::Happened;
pub use outbox::{list, retry};
pub use secret::Secret;
pub use settings::Settings;
