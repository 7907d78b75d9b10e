//! E-mail addresses as the documented service takes them: syntax only, domain in lower case, a display name dropped,
//! and domains refused that cannot receive mail (facts: pagos-hotspot-api 2).

/// The address alone, or nothing for what is none.
pub fn read(text: &str) -> Option<String> {
    let text = text.trim();
    let address = match text.strip_suffix('>') {
        Some(rest) => rest.rsplit_once('<')?.1,
        None => text,
    };
    let (local, domain) = address.rsplit_once('@')?;
    if !is_local(local) {
        return None;
    }
    let domain = domain.to_lowercase();
    is_domain(&domain).then(|| format!("{local}@{domain}"))
}

fn is_local(local: &str) -> bool {
    let is_atom = |part: &str| {
        let fits = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
        !part.is_empty() && part.chars().all(fits)
    };
    local.len() <= LOCAL_MAX_BYTES && local.split('.').all(is_atom)
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let fits = |c: char| c.is_alphanumeric() || c == '-';
        (1..=63).contains(&label.len()) && label.chars().all(fits) && !label.starts_with('-') && !label.ends_with('-')
    };
    let Some((_, top)) = domain.rsplit_once('.') else {
        return false;
    };
    domain.len() <= DOMAIN_MAX_BYTES
        && domain.split('.').all(is_label)
        && !RESERVED.contains(&top)
        && top.chars().any(char::is_alphabetic)
}

/// RFC 5321 4.5.3.1.
const LOCAL_MAX_BYTES: usize = 64;
const DOMAIN_MAX_BYTES: usize = 253;
/// Names that never lead to a mailbox (RFC 6761, 7686 and their like).
const RESERVED: [&str; 6] = ["arpa", "invalid", "local", "localhost", "onion", "test"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_reduced_and_refused() {
        for (text, expected) in [
            ("rosa@example.com", Some("rosa@example.com")),
            (" Rosa.V+1@EXAMPLE.Com ", Some("Rosa.V+1@example.com")),
            ("Rosa Vega <rosa@example.com>", Some("rosa@example.com")),
            ("josé@correo.mx", Some("josé@correo.mx")),
            ("rosa", None),
            ("rosa@", None),
            ("@example.com", None),
            ("rosa@localhost", None),
            ("rosa@caja.local", None),
            ("rosa@x.test", None),
            ("a..b@example.com", None),
            (".a@example.com", None),
            ("a b@example.com", None),
            ("a@-x.com", None),
            ("a@x..com", None),
            ("a@1.2", None),
            ("rosa@example.com>", None),
            ("a@example.com\r\nbcc: b@example.com", None),
            ("", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
        assert_eq!(read(&format!("{}@example.com", "a".repeat(65))), None);
    }
}
