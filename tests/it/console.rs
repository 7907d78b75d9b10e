//! A router's console for the tests: runs scripts against the simulated router through its API, line by line, as a pasted
//! script runs.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;

use mikrelay::routeros::codec::{Decoder, Sentence};
use mikrelay::sim::router::SimRouter;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

use crate::script::{Command, Expr, Statement, parse};

#[derive(Clone, Debug, PartialEq)]
enum Is {
    Nothing,
    Text(String),
    Number(i64),
    Truth(bool),
    List(Vec<Is>),
}

impl Is {
    fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::List(items) => items.iter().map(Self::text).collect::<Vec<_>>().join(";"),
        }
    }

    fn truth(&self) -> bool {
        match self {
            Self::Truth(truth) => *truth,
            other => panic!("{other:?} is neither true nor false"),
        }
    }

    fn items(&self) -> Vec<Is> {
        match self {
            Self::List(items) => items.clone(),
            Self::Nothing => Vec::new(),
            other => vec![other.clone()],
        }
    }
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub added: usize,
    pub set: usize,
    pub removed: usize,
    pub said: Vec<String>,
}

/// A console that is logged in: sends what the lines say.
pub struct Console {
    stream: BufStream<TcpStream>,
    decoder: Decoder,
    /// Whether `get` answers with a list where a property has several values, or with one text. Which of the two a
    /// release does is not documented, so that scripts must bear both.
    pub lists: bool,
    variables: Vec<(String, Is)>,
    run: Run,
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

impl Console {
    pub async fn open(router: &SimRouter, user: &str, password: &str) -> Self {
        let stream = TcpStream::connect(router.addr()).await.unwrap();
        let mut console = Self {
            stream: BufStream::new(stream),
            decoder: Decoder::new(),
            lists: true,
            variables: Vec::new(),
            run: Run::default(),
        };
        let (name, password) = (format!("=name={user}"), format!("=password={password}"));
        let login = console.say(&["/login", &name, &password]).await;
        assert_eq!(login.len(), 1, "{login:?}");
        console
    }

    /// All sentences of the answer, the last one `!done`.
    pub async fn say(&mut self, words: &[&str]) -> Vec<Sentence> {
        let mut wire = Vec::new();
        let sentence: Sentence = words.iter().map(|word| word.as_bytes()).collect();
        sentence.encode(&mut wire).unwrap();
        self.stream.write_all(&wire).await.unwrap();
        self.stream.flush().await.unwrap();
        let mut answer = Vec::new();
        while answer.last().is_none_or(|last: &Sentence| last.kind() != b"!done") {
            answer.push(self.hear().await.unwrap());
        }
        answer
    }

    async fn hear(&mut self) -> io::Result<Sentence> {
        loop {
            let byte = [self.stream.read_u8().await?];
            if let Some(sentence) = self.decoder.decode(&mut &byte[..]).unwrap() {
                return Ok(sentence);
            }
        }
    }

    /// The rows of a menu, in the router's order.
    pub async fn rows(&mut self, menu: &str) -> Vec<BTreeMap<String, String>> {
        self.rows_where(menu, &[]).await
    }

    async fn rows_where(&mut self, menu: &str, queries: &[String]) -> Vec<BTreeMap<String, String>> {
        let print = format!("{menu}/print");
        let words: Vec<&str> = std::iter::once(&print).chain(queries).map(String::as_str).collect();
        let answer = self.say(&words).await;
        let row = |sentence: &Sentence| {
            let pairs = sentence.words().skip(1).filter_map(|word| {
                let word = String::from_utf8(word.strip_prefix(b"=")?.to_vec()).unwrap();
                let (name, value) = word.split_once('=').unwrap();
                Some((name.to_owned(), value.to_owned()))
            });
            pairs.collect()
        };
        assert!(answer.iter().all(|it| it.kind() != b"!trap"), "{menu}: {answer:?}");
        answer.iter().filter(|it| it.kind() == b"!re").map(row).collect()
    }

    /// Runs a script as it is pasted: what a line made up is forgotten on the next.
    pub async fn run(&mut self, script: &str) -> Run {
        self.run = Run::default();
        for line in parse(script) {
            self.variables.clear();
            self.block(&line).await;
        }
        self.run.clone()
    }

    fn block<'a>(&'a mut self, statements: &'a [Statement]) -> Boxed<'a, ()> {
        Box::pin(async move {
            let outside = self.variables.len();
            for statement in statements {
                self.statement(statement).await;
            }
            self.variables.truncate(outside);
        })
    }

    async fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::If(condition, then, otherwise) => {
                let taken = if self.value(condition).await.truth() {
                    then
                } else {
                    otherwise
                };
                self.block(taken).await;
            }
            Statement::Foreach(name, list, body) => {
                for item in self.value(list).await.items() {
                    self.variables.push((name.clone(), item));
                    self.block(body).await;
                    self.variables.pop();
                }
            }
            Statement::Assign { is_new, name, value } => {
                let value = self.value(value).await;
                if *is_new {
                    self.variables.push((name.clone(), value));
                } else {
                    let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
                    known.unwrap_or_else(|| panic!("no variable {name}")).1 = value;
                }
            }
            Statement::Put(value) => {
                let said = self.value(value).await.text();
                self.run.said.push(said);
            }
            Statement::Command(command) => self.change(command).await,
        }
    }

    fn value<'a>(&'a mut self, expression: &'a Expr) -> Boxed<'a, Is> {
        Box::pin(async move {
            match expression {
                Expr::Text(text) => Is::Text(text.clone()),
                Expr::Number(number) => Is::Number(*number),
                Expr::Truth(truth) => Is::Truth(*truth),
                Expr::Variable(name) => {
                    let known = self.variables.iter().rev().find(|(known, _)| known == name);
                    known.unwrap_or_else(|| panic!("no variable {name}")).1.clone()
                }
                Expr::Not(inner) => Is::Truth(!self.value(inner).await.truth()),
                Expr::Operation(left, operator, right) => {
                    let (left, right) = (self.value(left).await, self.value(right).await);
                    operate(&left, operator, &right)
                }
                Expr::Function(name, inputs) => {
                    let mut values = Vec::new();
                    for input in inputs {
                        values.push(self.value(input).await);
                    }
                    call(name, &values)
                }
                Expr::Command(command) if command.verb == "find" => {
                    let found = self.found(command).await;
                    Is::List(found.into_iter().map(|row| Is::Text(row[".id"].clone())).collect())
                }
                Expr::Command(command) => self.got(command).await,
            }
        })
    }

    async fn found(&mut self, command: &Command) -> Vec<BTreeMap<String, String>> {
        assert_eq!((command.verb.as_str(), command.items.len()), ("find", 0), "{command:?}");
        assert!(!command.conditions.is_empty(), "everything: {command:?}");
        let (mut queries, mut beginnings) = (Vec::new(), Vec::new());
        for (property, operator, wanted) in &command.conditions {
            let wanted = self.value(wanted).await.text();
            match operator {
                '=' => queries.push(format!("?{property}={wanted}")),
                _ => beginnings.push((property, wanted.strip_prefix('^').expect("a beginning").to_owned())),
            }
        }
        let mut rows = self.rows_where(&command.menu, &queries).await;
        rows.retain(|row| {
            let holds = |(property, wanted): &(&String, String)| {
                row.get(*property).is_some_and(|held| held.starts_with(wanted))
            };
            beginnings.iter().all(holds)
        });
        rows
    }

    async fn got(&mut self, command: &Command) -> Is {
        let [item, Expr::Text(property)] = command.items.as_slice() else {
            panic!("{command:?}");
        };
        assert_eq!(command.verb, "get");
        let row = self.item(&command.menu, item).await;
        match row.get(property).map_or("", String::as_str) {
            "" => Is::Nothing,
            "true" => Is::Truth(true),
            "false" => Is::Truth(false),
            text if self.lists && LISTS.contains(&property.as_str()) => {
                Is::List(text.split(',').map(|part| Is::Text(part.to_owned())).collect())
            }
            text => Is::Text(text.to_owned()),
        }
    }

    /// The row that an id or a name means.
    async fn item(&mut self, menu: &str, item: &Expr) -> BTreeMap<String, String> {
        let wanted = self.value(item).await.text();
        let rows = self.rows(menu).await;
        let is_it = |row: &&BTreeMap<String, String>| row[".id"] == wanted || row.get("name") == Some(&wanted);
        let found: Vec<_> = rows.iter().filter(is_it).collect();
        assert_eq!(found.len(), 1, "{menu} {wanted}");
        found[0].clone()
    }

    async fn change(&mut self, command: &Command) {
        let mut words = vec![format!("{}/{}", command.menu, command.verb)];
        let mut ids = Vec::new();
        for item in &command.items {
            match item {
                Expr::Command(find) => ids.extend(self.found(find).await.into_iter().map(|row| row[".id"].clone())),
                item => ids.push(self.item(&command.menu, item).await[".id"].clone()),
            }
        }
        for (name, value) in &command.arguments {
            words.push(format!("={name}={}", self.value(value).await.text()));
        }
        match command.verb.as_str() {
            "add" => {
                assert_eq!(ids.len(), 0, "{command:?}");
                self.run.added += 1;
            }
            "set" => {
                assert_eq!(ids.len(), 1, "{command:?}");
                self.run.set += 1;
            }
            "remove" if ids.is_empty() => return,
            "remove" => self.run.removed += ids.len(),
            other => panic!("`{other}` changes nothing"),
        }
        if !ids.is_empty() {
            words.push(format!("=.id={}", ids.join(",")));
        }
        let answer = self.say(&words.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert!(answer.iter().all(|it| it.kind() != b"!trap"), "{words:?}: {answer:?}");
    }
}

fn operate(left: &Is, operator: &str, right: &Is) -> Is {
    match (left, operator, right) {
        (_, "=", _) => Is::Truth(left == right),
        (_, "!=", _) => Is::Truth(left != right),
        (_, "||", _) => Is::Truth(left.truth() || right.truth()),
        (_, "&&", _) => Is::Truth(left.truth() && right.truth()),
        (_, ".", _) => Is::Text(left.text() + &right.text()),
        (Is::Number(left), "+", Is::Number(right)) => Is::Number(left + right),
        _ => panic!("{left:?} {operator} {right:?}"),
    }
}

fn call(name: &str, inputs: &[Is]) -> Is {
    match (name, inputs) {
        ("len", [Is::List(items)]) => Is::Number(items.len() as i64),
        ("len", [Is::Nothing]) => Is::Number(0),
        ("len", [Is::Text(text)]) => Is::Number(text.len() as i64),
        ("tostr", [value]) => Is::Text(value.text()),
        ("toarray", [Is::Text(text)]) => Is::List(text.split(',').map(|part| Is::Text(part.to_owned())).collect()),
        ("toarray", [value]) => Is::List(value.items()),
        ("pick", [Is::Text(text), Is::Number(from), Is::Number(to)]) => {
            let to = text.len().min(*to as usize);
            Is::Text(text[*from as usize..to].to_owned())
        }
        _ => panic!("[:{name} {inputs:?}] is not known"),
    }
}

/// Properties with several values.
const LISTS: [&str; 3] = ["policy", "login-by", "address"];
