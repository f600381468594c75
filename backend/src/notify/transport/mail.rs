//! Mail by SMTP.

use std::time::Duration;

use async_trait::async_trait;
use lettre::address::AddressError;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as TlsMode, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message as Letter, Tokio1Executor};

use super::super::settings::{Mail, Tls};
use super::{Failure, Message, Transport, chain, in_time};

/// Codes that are about the log-in, and not about the message: 530, 534, 535 and 538.
const LOGIN_CODES: [&str; 4] = ["530", "534", "535", "538"];

#[derive(Debug)]
pub(super) struct MailTransport {
    pub(super) mail: Mail,
    pub(super) timeout: Duration,
}

#[async_trait]
impl Transport for MailTransport {
    async fn send(&self, message: &Message) -> Result<(), Failure> {
        in_time(self.timeout, send(&self.mail, self.timeout, message)).await
    }
}

async fn send(mail: &Mail, timeout: Duration, message: &Message) -> Result<(), Failure> {
    let letter = letter(mail, message).map_err(Failure::Refused)?;
    // Nothing has left yet: a password or certificate that is not there now may come.
    let transport = transport(mail, timeout).map_err(Failure::later)?;
    let sent = transport.send(letter).await;
    sent.map(drop).map_err(|error| failure(mail, &error))
}

fn transport(mail: &Mail, timeout: Duration) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
        .port(mail.port)
        .timeout(Some(timeout))
        .tls(tls(mail)?);
    if let Some((user, password)) = &mail.login {
        let password = password.read().map_err(|error| format!("the password: {error}"))?;
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

fn tls(mail: &Mail) -> Result<TlsMode, String> {
    let parameters = || {
        let mut parameters = TlsParameters::builder(mail.host.clone());
        if let Some(path) = &mail.ca_file {
            let shown = path.display();
            let pem = std::fs::read(path).map_err(|error| format!("{shown}: {error}"))?;
            let certificate = Certificate::from_pem(&pem).map_err(|error| format!("{shown}: {}", chain(&error)))?;
            parameters = parameters.add_root_certificate(certificate);
        }
        parameters.build_rustls().map_err(|error| chain(&error))
    };
    Ok(match mail.tls {
        Tls::None => TlsMode::None,
        Tls::StartTls => TlsMode::Required(parameters()?),
        Tls::Tls => TlsMode::Wrapper(parameters()?),
    })
}

fn letter(mail: &Mail, message: &Message) -> Result<Letter, String> {
    let mailbox = |text: &str| {
        let parsed: Result<Mailbox, AddressError> = text.parse();
        parsed.map_err(|error| format!("{text:?} is no address: {error}"))
    };
    let from = mailbox(&mail.from)?;
    let domain = from.email.domain().to_owned();
    let mut letter: MessageBuilder = Letter::builder()
        .from(from)
        .subject(&message.subject)
        .message_id(Some(format!("<{}@{domain}>", message.id)))
        .header(ContentType::TEXT_PLAIN);
    for to in &mail.to {
        letter = letter.to(mailbox(to)?);
    }
    letter.body(message.text.clone()).map_err(|error| error.to_string())
}

fn failure(mail: &Mail, error: &SmtpError) -> Failure {
    let server = format!("{}:{}", mail.host, mail.port);
    let is_login = error
        .status()
        .is_some_and(|code| LOGIN_CODES.contains(&code.to_string().as_str()));
    let why = format!("{server}: {}", chain(error));
    if error.is_permanent() && !is_login {
        Failure::Refused(why)
    } else {
        Failure::later(why)
    }
}
