//! One moving line on standard error for what takes longer than a moment. It is drawn on a terminal only: nothing of it
//! gets into a pipe, a file or a log, and it is gone when the work ends.
//!
//! Deliberately small: no bars side by side, no colours, no rates.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::termios::tcgetwinsize;

use crate::shown::shown_up_to;

/// Says what is being done, until it is dropped.
pub struct Progress(Option<Shown>);

impl Progress {
    /// On standard error, if that is a terminal.
    pub fn begin(text: &str) -> Self {
        let to = io::stderr();
        let is_plain = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if !to.is_terminal() || is_plain {
            return Self(None);
        }
        // Some terminals do not know how wide they are.
        let columns = tcgetwinsize(&to).map_or(0, |size| usize::from(size.ws_col));
        let columns = if columns == 0 { USUAL_COLUMNS } else { columns };
        Self::on(Box::new(to), columns, text)
    }

    /// Another thing is being done now, for example `router 3 of 12`.
    pub fn say(&self, text: &str) {
        if let Some(shown) = &self.0 {
            shown.state().text = text.to_owned();
        }
    }

    /// How much of a whole is done.
    pub fn say_part(&self, text: &str, done: u64, total: u64) {
        let percent = done.min(total).saturating_mul(100).checked_div(total).unwrap_or(100);
        self.say(&format!("{text} {percent} %"));
    }

    /// Prints something that stays while the line goes on below it.
    pub fn above<T>(&self, print: impl FnOnce() -> T) -> T {
        let mut state = self.0.as_ref().map(Shown::state);
        if let Some(state) = &mut state {
            state.clear();
        }
        print()
    }

    fn on(to: Box<dyn Write + Send>, columns: usize, text: &str) -> Self {
        let state = State {
            to,
            text: text.to_owned(),
            columns,
            frame: 0,
            is_drawn: false,
            is_over: false,
        };
        let shared = Arc::new((Mutex::new(state), Condvar::new()));
        let of_drawer = Arc::clone(&shared);
        // Without a thread nothing is drawn, and nothing else is lost.
        let drawer = thread::Builder::new().spawn(move || draw(&of_drawer)).ok();
        Self(Some(Shown { shared, drawer }))
    }
}

struct Shown {
    shared: Arc<(Mutex<State>, Condvar)>,
    drawer: Option<JoinHandle<()>>,
}

impl Shown {
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let mut state = self.state();
        state.clear();
        state.is_over = true;
        drop(state);
        self.shared.1.notify_all();
        if let Some(drawer) = self.drawer.take() {
            // It only draws; what became of that changes nothing.
            let _ = drawer.join();
        }
    }
}

struct State {
    to: Box<dyn Write + Send>,
    text: String,
    columns: usize,
    frame: usize,
    is_drawn: bool,
    is_over: bool,
}

impl State {
    fn draw(&mut self) {
        let mark = FRAMES.get(self.frame % FRAMES.len()).copied().unwrap_or_default();
        self.frame = self.frame.wrapping_add(1);
        // A line that wraps cannot be taken back.
        let text = shown_up_to(&self.text, self.columns.saturating_sub(MARGIN_COLUMNS));
        self.put(&format!("\r{mark} {text}{CLEAR_TO_END}"));
        self.is_drawn = true;
    }

    fn clear(&mut self) {
        if self.is_drawn {
            self.put(&format!("\r{CLEAR_TO_END}"));
            self.is_drawn = false;
        }
    }

    fn put(&mut self, line: &str) {
        // Where the terminal is gone there is nobody to show it to.
        let _ = self.to.write_all(line.as_bytes()).and_then(|()| self.to.flush());
    }
}

fn draw((state, told): &(Mutex<State>, Condvar)) {
    let mut wait = BEFORE_FIRST;
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let waited = told.wait_timeout_while(state, wait, |state| !state.is_over);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.is_over {
            return;
        }
        state.draw();
        wait = BETWEEN;
    }
}

const FRAMES: [&str; 4] = ["-", "\\", "|", "/"];
const CLEAR_TO_END: &str = "\u{1b}[K";
/// What is quicker than this needs no line, and a line that only flashes up disturbs.
const BEFORE_FIRST: Duration = Duration::from_millis(400);
const BETWEEN: Duration = Duration::from_millis(150);
/// The mark, a space, and a column that stays free because some terminals wrap when the last one is written.
const MARGIN_COLUMNS: usize = 3;
const USUAL_COLUMNS: usize = 80;

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    struct Heard(Sender<String>);

    impl Write for Heard {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            let _ = self.0.send("|".to_owned());
            Ok(())
        }
    }

    #[test]
    fn the_line_moves_is_cut_and_is_gone_at_the_end() {
        let (to, heard) = channel();
        let next = || {
            let pieces: Vec<String> = heard.iter().take_while(|piece| piece != "|").collect();
            pieces.concat()
        };
        let progress = Progress::on(Box::new(Heard(to)), 20, "copying\u{1b}[2J");
        assert_eq!(next(), "\r- copying[2J\u{1b}[K");
        progress.say_part("copying", 1, 3);
        let mut line = next();
        while line.contains("2J") {
            line = next();
        }
        assert!(line.ends_with("copying 33 %\u{1b}[K"), "{line:?}");
        progress.say("a text that is much longer than the terminal is wide");
        while line.contains("copying") {
            line = next();
        }
        assert!(line.chars().count() <= "\r".len() + 20 + CLEAR_TO_END.len(), "{line:?}");
        // The end is sent whatever else was drawn before it.
        drop(progress);
        let rest: Vec<String> = heard.iter().collect();
        assert_eq!(rest.iter().rev().nth(1).map(String::as_str), Some("\r\u{1b}[K"));
    }

    #[test]
    fn what_is_printed_meanwhile_stands_above() {
        let (to, heard) = channel();
        let progress = Progress::on(Box::new(Heard(to.clone())), 80, "asking");
        let drawn: Vec<String> = heard.iter().take_while(|piece| piece != "|").collect();
        assert_eq!(drawn.concat(), "\r- asking\u{1b}[K");
        progress.above(|| to.send("printed".to_owned()).unwrap());
        let until: Vec<String> = heard.iter().take_while(|piece| piece != "printed").collect();
        assert!(until.concat().ends_with("\r\u{1b}[K|"), "{until:?}");
    }

    #[test]
    fn a_pipe_gets_nothing() {
        let progress = Progress(None);
        progress.say("x");
        progress.say_part("x", 0, 0);
        assert_eq!(progress.above(|| 7), 7);
    }
}
