//! The walled-garden script, run on the simulated router by an interpreter of exactly the form it is written in.

use std::io;

use mikrelay::cli;
use mikrelay::company::GatewayName;
use mikrelay::kit::{walled_garden_hosts, walled_garden_script};
use mikrelay::routeros::codec::{Decoder, Sentence};
use mikrelay::sim::router::{SimRouter, SimRouterConfig, SimVersion};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MENU: &str = "/ip/hotspot/walled-garden/ip";
const SCHEMA: &str = include_str!("../data/routeros-schema-extract.json");

/// One line of the script: where to look for which comment, and what to do if it is not there.
#[derive(Debug)]
struct Line {
    menu: String,
    comment: String,
    command: String,
    arguments: Vec<(String, String)>,
}

impl Line {
    /// `:if ([:len [MENU find where comment="C"]] = 0) do={ MENU COMMAND name=value … }`
    fn parse(line: &str) -> Self {
        let line = line.strip_prefix(":if ([:len [").unwrap();
        let (menu, line) = line.split_once(" find where comment=\"").unwrap();
        let (comment, line) = line.split_once("\"]] = 0) do={ ").unwrap();
        let line = line.strip_suffix(" }").unwrap();
        let mut words = split(line.strip_prefix(menu).unwrap());
        let command = words.remove(0);
        let pair = |word: String| {
            word.split_once('=')
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .unwrap()
        };
        Self {
            menu: menu.replace(' ', "/").replace("//", "/"),
            comment: comment.to_owned(),
            command,
            arguments: words.into_iter().map(pair).collect(),
        }
    }
}

/// Words by spaces; a quoted value may hold spaces, and nothing the console would expand.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        assert!(
            !matches!(c, '$' | '[' | ']' | '\\' | ';' | '{' | '}'),
            "{c} means something to the console"
        );
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    assert!(!quoted, "an open quote");
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// A console: sends what the lines say.
struct Console {
    stream: TcpStream,
    decoder: Decoder,
}

impl Console {
    async fn open(router: &SimRouter) -> Self {
        let stream = TcpStream::connect(router.addr()).await.unwrap();
        let mut console = Self {
            stream,
            decoder: Decoder::new(),
        };
        let login = console
            .say(&["/login", "=name=relay", "=password=relay-password"])
            .await;
        assert_eq!(login.len(), 1, "{login:?}");
        console
    }

    /// All sentences of the answer, the last one `!done`.
    async fn say(&mut self, words: &[&str]) -> Vec<Sentence> {
        let mut wire = Vec::new();
        let sentence: Sentence = words.iter().map(|word| word.as_bytes()).collect();
        sentence.encode(&mut wire).unwrap();
        self.stream.write_all(&wire).await.unwrap();
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

    /// Runs a script; returns how many rules it added.
    async fn run(&mut self, script: &str) -> usize {
        let mut added = 0;
        for line in script.lines().filter(|line| !line.starts_with('#')) {
            let line = Line::parse(line);
            let find = [format!("{}/print", line.menu), format!("?comment={}", line.comment)];
            let found = self.say(&find.each_ref().map(String::as_str)).await;
            if found.iter().any(|sentence| sentence.kind() == b"!re") {
                continue;
            }
            let arguments = line.arguments.iter().map(|(name, value)| format!("={name}={value}"));
            let command: Vec<String> = std::iter::once(format!("{}/{}", line.menu, line.command))
                .chain(arguments)
                .collect();
            let answer = self.say(&command.iter().map(String::as_str).collect::<Vec<_>>()).await;
            assert!(answer[0].attribute("ret").is_some(), "{line:?}: {answer:?}");
            added += 1;
        }
        added
    }
}

#[tokio::test]
async fn the_script_run_twice_does_what_it_does_once() {
    for version in [SimVersion::V6, SimVersion::V7] {
        let router = SimRouter::start(SimRouterConfig {
            version,
            ..SimRouterConfig::default()
        })
        .await
        .unwrap();
        let script = walled_garden_script(&GatewayName::ALL, "pay.example.net").unwrap();
        let mut console = Console::open(&router).await;
        let added = console.run(&script).await;
        let rules = router.names(MENU);
        assert_eq!(rules.len(), added);
        assert_eq!(rules[0], "mikrelay pay.example.net");
        for host in GatewayName::ALL.into_iter().flat_map(walled_garden_hosts) {
            assert_eq!(
                rules.iter().filter(|rule| **rule == format!("mikrelay {host}")).count(),
                1,
                "{host}"
            );
        }
        assert_eq!(console.run(&script).await, 0, "it was run again");
        assert_eq!(router.names(MENU), rules);
        // A second gateway later on adds only what is new.
        assert_eq!(
            console
                .run(&walled_garden_script(&[GatewayName::Feexpay], "pay.example.net").unwrap())
                .await,
            0
        );
        assert_eq!(
            console
                .run(&walled_garden_script(&[], "other.example.net").unwrap())
                .await,
            1
        );
    }
}

#[test]
fn the_script_uses_what_every_version_has() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let script = walled_garden_script(&GatewayName::ALL, "203.0.113.7").unwrap();
    let settable = schema["v6_settable"][MENU].as_array().unwrap();
    for line in script.lines().filter(|line| !line.starts_with('#')).map(Line::parse) {
        assert_eq!((line.menu.as_str(), line.command.as_str()), (MENU, "add"));
        for (name, _) in &line.arguments {
            for version in ["7.9.2", "7.24"] {
                assert!(
                    schema["versions"][version][MENU]["add"].get(name).is_some(),
                    "{version}: {name}"
                );
            }
            assert!(settable.iter().any(|known| known == name), "6: {name}");
        }
        assert!(
            line.arguments.contains(&("comment".to_owned(), line.comment)),
            "it looks for what it writes"
        );
    }
}

#[test]
fn the_command_prints_the_script_alone() {
    let mut out = Vec::new();
    cli::kit::walled_garden(&["cinetpay".to_owned()], "pay.example.net", &mut out).unwrap();
    let script = walled_garden_script(&[GatewayName::Cinetpay], "pay.example.net").unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), script);
}
