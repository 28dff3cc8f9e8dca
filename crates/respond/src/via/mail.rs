//! Mail by SMTP (RFC 5321), over TLS from the beginning or after STARTTLS.

use std::{path::PathBuf, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};
use model::AlertId;
use settings::SecretSource;

use super::{Call, Words, unread};
use crate::deliver::{Parcel, Verdict};

/// A step of the conversation may take so long; the whole has the limit of every try.
const STEP: Duration = Duration::from_secs(10);

/// People who are told by mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the conversation is kept secret.
    pub tls: MailTls,
    /// A file with the authorities that vouch for the server, instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// A name and a password for the server.
    pub login: Option<(String, SecretSource)>,
    /// What we call ourselves; the domain of the sender if none.
    pub hello: Option<String>,
    /// Who sends it.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
}

/// How a conversation with a mail server is kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// From the beginning, as on port 465.
    Implicit,
    /// By STARTTLS, and not without it.
    StartTls,
    /// By STARTTLS if the server offers it.
    IfOffered,
    /// Not at all.
    None,
}

impl Mail {
    pub(super) async fn send(&self, call: &Call<'_>, parcel: &Parcel) -> Verdict {
        let password = match &self.login {
            None => None,
            Some((user, password)) => match password.read() {
                Ok(password) => Some(Credentials::new(user.clone(), password.reveal().to_owned())),
                Err(error) => return unread(&error),
            },
        };
        let (transport, message) = match (self.transport(password), self.message(call, parcel)) {
            (Ok(transport), Ok(message)) => (transport, message),
            (Err(error), _) | (_, Err(error)) => return Verdict::broken(error),
        };
        match transport.send(message).await {
            Ok(_) => Verdict::Done(None),
            Err(error) => verdict(&error),
        }
    }

    fn transport(
        &self,
        login: Option<Credentials>,
    ) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
        let tls = match self.tls {
            MailTls::None => Tls::None,
            MailTls::Implicit => Tls::Wrapper(self.parameters()?),
            MailTls::StartTls => Tls::Required(self.parameters()?),
            MailTls::IfOffered => Tls::Opportunistic(self.parameters()?),
        };
        let domain = self.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let hello = self.hello.as_deref().unwrap_or_else(|| domain.trim_end_matches('>'));
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port)
            .tls(tls)
            .timeout(Some(STEP))
            .hello_name(ClientId::Domain(hello.to_owned()));
        Ok(match login {
            Some(login) => builder.credentials(login).build(),
            None => builder.build(),
        })
    }

    fn parameters(&self) -> Result<TlsParameters, String> {
        let mut builder = TlsParameters::builder(self.host.clone());
        if let Some(path) = &self.ca_file {
            let text = std::fs::read(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            let authority = Certificate::from_pem(&text).map_err(|error| error.to_string())?;
            builder =
                builder.certificate_store(CertificateStore::None).add_root_certificate(authority);
        }
        builder.build().map_err(|error| chain(&error))
    }

    fn message(&self, call: &Call<'_>, parcel: &Parcel) -> Result<Message, String> {
        let mailbox = |text: &String| {
            text.parse::<Mailbox>().map_err(|error| format!("`{text}` is no address: {error}"))
        };
        let from = mailbox(&self.from)?;
        let domain = from.email.domain().to_owned();
        let millis = u64::try_from(call.now.millis()).unwrap_or(0);
        let date = std::time::SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let name = |text: &str| AlertId::of(text, &model::Labels::empty()).hex();
        let mut builder = Message::builder()
            .from(from)
            .subject(&parcel.words.title)
            .date(date)
            // The same for every try, so that a second copy shows itself as one.
            .message_id(Some(format!("<{}.{}@{domain}>", name(&parcel.key), parcel.upto())));
        if let Some(lane) = &parcel.lane {
            // All mail about a group stands together below this name.
            let thread =
                format!("<group.{}@{domain}>", name(&format!("{} {lane}", parcel.receiver)));
            builder = builder.references(thread.clone()).in_reply_to(thread);
        }
        for to in &self.to {
            builder = builder.to(mailbox(to)?);
        }
        builder
            .header(ContentType::TEXT_PLAIN)
            .body(text(&parcel.words))
            .map_err(|error| error.to_string())
    }
}

fn text(words: &Words) -> String {
    let mut text = words.title.clone();
    text.push_str("\r\n\r\n");
    for line in &words.lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    if !words.link.is_empty() {
        text.push_str("\r\n");
        text.push_str(&words.link);
        text.push_str("\r\n");
    }
    text
}

fn verdict(error: &lettre::transport::smtp::Error) -> Verdict {
    let said = chain(error);
    let code = error.status().map(|code| code.to_string());
    match code.as_deref() {
        // Too large, or what stands in it is not wanted.
        Some("552" | "554") => Verdict::Refused { error: said },
        _ if error.is_permanent() || error.is_tls() || error.is_client() || not_trusted(error) => {
            Verdict::broken(said)
        }
        // The server said no for now.
        Some(_) => Verdict::later(said),
        None => Verdict::unsure(said),
    }
}

/// Whether the server is not who it should be.
fn not_trusted(error: &lettre::transport::smtp::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let within = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if matches!(within, Some(own) if own.is::<rustls::Error>()) || inner.is::<rustls::Error>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
