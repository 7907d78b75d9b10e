//! Asks for a secret: at a terminal that does not show it, or in the first line of a pipe. A secret is never taken from
//! an argument, which every user of the machine could see.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, Result};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::fault::hinted;

/// A password from the terminal, typed twice and not shown, or the first line of a pipe.
pub fn ask_password() -> Result<SecretString> {
    let input = io::stdin();
    if !input.is_terminal() {
        return first_line(input.lock());
    }
    let first = ask("Password: ")?;
    let again = ask("The same again: ")?;
    if *first != *again {
        return Err(hinted("the two are not the same; nothing was changed", "say it again"));
    }
    Ok(SecretString::from(first.as_str()))
}

/// A gateway's key or a router's password, typed and not shown, or the next line of a pipe.
pub fn ask_secret(name: &str) -> Result<SecretString> {
    let input = io::stdin();
    if !input.is_terminal() {
        return first_line(input.lock());
    }
    first_line(ask(&format!("{name}: "))?.as_bytes())
}

/// Several lines of a pipe, or of a terminal until Ctrl-D; they are shown, because nobody types them unseen.
pub fn ask_lines(name: &str) -> Result<SecretString> {
    let input = io::stdin();
    if input.is_terminal() {
        eprintln!("{name}, one on a line; Ctrl-D ends them:");
    }
    let mut text = Zeroizing::new(String::new());
    let read = input.lock().take(MOST_INPUT_BYTES).read_to_string(&mut text);
    read.context("the secrets cannot be read")?;
    if text.trim().is_empty() {
        return Err(nothing_given());
    }
    Ok(SecretString::from(text.as_str()))
}

fn ask(prompt: &str) -> Result<Zeroizing<String>> {
    eprint!("{prompt}");
    io::stderr().flush()?;
    let shown = Silence::begin()?;
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(MOST_INPUT_BYTES).read_line(&mut line);
    drop(shown);
    eprintln!();
    read.context("the secret cannot be read")?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The secret in the first line of `input`; its end of line is no part of it.
fn first_line(input: impl BufRead) -> Result<SecretString> {
    let mut line = Zeroizing::new(String::new());
    input
        .take(MOST_INPUT_BYTES)
        .read_line(&mut line)
        .context("the secret cannot be read")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(nothing_given());
    }
    Ok(SecretString::from(password))
}

fn nothing_given() -> anyhow::Error {
    hinted("no secret was given", "type it, or pass it in by a pipe")
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> Result<Self> {
        let before = tcgetattr(io::stdin()).context("the terminal cannot be asked")?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent).context("the terminal cannot be set")?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(io::stdin(), OptionalActions::Now, &self.0) {
            tracing::warn!(%error, "the terminal stays silent; type `reset`");
        }
    }
}

/// Longer than any password and any list of PEM keys.
const MOST_INPUT_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_pipe_gives_its_first_line() {
        for (input, password) in [
            ("secreto largo\n", Some("secreto largo")),
            ("secreto largo\r\nmore", Some("secreto largo")),
            (" spaces count ", Some(" spaces count ")),
            ("", None),
            ("\n", None),
        ] {
            let read = first_line(input.as_bytes());
            assert_eq!(
                read.as_ref().ok().map(ExposeSecret::expose_secret),
                password,
                "{input:?}"
            );
        }
    }
}
