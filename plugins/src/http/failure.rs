//! What the errors of a connection mean for the step.

use std::error::Error;
use std::io;

use flowcrate::StepError;

use super::connect::Refused;

/// Why something could not be set up, kept for every later call.
pub(super) type Failed = String;

/// The step's error for an error of the connection.
pub(super) fn of(error: &(dyn Error + 'static)) -> StepError {
    if let Some(refused) = find::<Refused>(error) {
        return StepError::fatal("private_address", refused.to_string());
    }
    match find::<rustls::Error>(error) {
        Some(wrong @ rustls::Error::InvalidCertificate(_)) => {
            StepError::fatal("tls", wrong.to_string())
        }
        _ => StepError::retryable("network", chain(error)),
    }
}

/// The first error of type `E` among `error` and its causes.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An `io::Error` hides what it holds: its source is the source of that.
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        current = held.map(|held| held as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

/// All causes in one line, without those that the one before already tells.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut current = error.source();
    while let Some(cause) = current {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        current = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_found_behind_io_errors() {
        let wrong = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::other(wrong));
        assert_eq!(of(&error).code, "tls");
        assert_eq!(of(&io::Error::other("reset")).code, "network");
    }
}
