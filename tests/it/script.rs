//! Reads the part of RouterOS' script language that the kit writes. What it does not know stops the test.
//! Source: RouterOS manual, "Scripting".

#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Text(String),
    Number(i64),
    Truth(bool),
    Variable(String),
    Not(Box<Expr>),
    Operation(Box<Expr>, String, Box<Expr>),
    /// `[:len …]` and the like.
    Function(String, Vec<Expr>),
    /// `[/menu find where …]`, `[/menu get …]`.
    Command(Command),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// `/ip/hotspot/user`
    pub menu: String,
    pub verb: String,
    /// Without a name: which item, or which property of it.
    pub items: Vec<Expr>,
    pub arguments: Vec<(String, Expr)>,
    /// Property, `=` or `~`, value.
    pub conditions: Vec<(String, char, Expr)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    If(Expr, Vec<Statement>, Vec<Statement>),
    Foreach(String, Expr, Vec<Statement>),
    /// `:local` makes a variable, `:set` needs one.
    Assign {
        is_new: bool,
        name: String,
        value: Expr,
    },
    Put(Expr),
    Command(Command),
}

/// The statements of a script, line by line; remarks and empty lines are left out.
pub fn parse(script: &str) -> Vec<Vec<Statement>> {
    assert!(script.is_ascii(), "the console's character set is not known");
    let lines = script.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &str| {
        assert!(!line.contains(['\t', '?']), "the line editor listens to it: {line}");
        let mut reader = Reader {
            rest: line,
            menu: String::new(),
        };
        let statements = reader.statements();
        assert_eq!(reader.rest, "", "{line}");
        statements
    };
    lines.map(read).collect()
}

/// Every command of a script, those inside others too.
pub fn commands(script: &str) -> Vec<Command> {
    let mut found = Vec::new();
    parse(script)
        .iter()
        .flatten()
        .for_each(|it| in_statement(it, &mut found));
    found
}

fn in_statement(statement: &Statement, found: &mut Vec<Command>) {
    match statement {
        Statement::If(condition, then, otherwise) => {
            in_expression(condition, found);
            then.iter().chain(otherwise).for_each(|it| in_statement(it, found));
        }
        Statement::Foreach(_, list, body) => {
            in_expression(list, found);
            body.iter().for_each(|it| in_statement(it, found));
        }
        Statement::Assign { value, .. } | Statement::Put(value) => in_expression(value, found),
        Statement::Command(command) => in_command(command, found),
    }
}

fn in_expression(expression: &Expr, found: &mut Vec<Command>) {
    match expression {
        Expr::Not(inner) => in_expression(inner, found),
        Expr::Operation(left, _, right) => {
            in_expression(left, found);
            in_expression(right, found);
        }
        Expr::Function(_, inputs) => inputs.iter().for_each(|it| in_expression(it, found)),
        Expr::Command(command) => in_command(command, found),
        Expr::Text(_) | Expr::Number(_) | Expr::Truth(_) | Expr::Variable(_) => {}
    }
}

fn in_command(command: &Command, found: &mut Vec<Command>) {
    found.push(command.clone());
    let values = command.arguments.iter().map(|(_, value)| value);
    let conditions = command.conditions.iter().map(|(_, _, value)| value);
    values
        .chain(&command.items)
        .chain(conditions)
        .for_each(|it| in_expression(it, found));
}

struct Reader<'a> {
    rest: &'a str,
    /// Where a command without a path is.
    menu: String,
}

impl<'a> Reader<'a> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn takes(&mut self, text: &str) -> bool {
        self.blanks();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn needs(&mut self, text: &str) {
        assert!(self.takes(text), "`{text}` is missing before: {}", self.rest);
    }

    /// Letters, digits and what names and bare values hold besides.
    fn word(&mut self, more: &str) -> &'a str {
        self.blanks();
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || more.contains(c);
        let end = self.rest.find(|c| !inner(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        loop {
            while self.takes(";") {}
            self.blanks();
            if self.rest.is_empty() || self.rest.starts_with('}') {
                return statements;
            }
            statements.push(self.statement());
            self.blanks();
            assert!(
                self.rest.is_empty() || self.rest.starts_with([';', '}']),
                "{}",
                self.rest
            );
        }
    }

    fn block(&mut self) -> Vec<Statement> {
        self.needs("{");
        let statements = self.statements();
        self.needs("}");
        statements
    }

    fn statement(&mut self) -> Statement {
        if !self.takes(":") {
            return Statement::Command(self.command());
        }
        match self.word("") {
            "if" => {
                let condition = self.expression();
                self.needs("do=");
                let then = self.block();
                let otherwise = if self.takes("else=") { self.block() } else { Vec::new() };
                Statement::If(condition, then, otherwise)
            }
            "foreach" => {
                let name = self.word("").to_owned();
                self.needs("in=");
                let list = self.expression();
                self.needs("do=");
                Statement::Foreach(name, list, self.block())
            }
            word @ ("local" | "set") => {
                let name = self.word("").to_owned();
                let value = self.expression();
                Statement::Assign {
                    is_new: word == "local",
                    name,
                    value,
                }
            }
            "put" => Statement::Put(self.expression()),
            other => panic!("`:{other}` is not known"),
        }
    }

    fn command(&mut self) -> Command {
        let mut verb = "";
        if self.takes("/") {
            self.menu.clear();
            while !VERBS.contains(&verb) {
                if !verb.is_empty() {
                    self.menu = format!("{}/{verb}", self.menu);
                }
                verb = self.word("");
                assert!(!verb.is_empty(), "no command in `{}` before: {}", self.menu, self.rest);
            }
        } else {
            verb = self.word("");
            assert!(VERBS.contains(&verb), "`{verb}` is no command, before: {}", self.rest);
        }
        let mut command = Command {
            menu: self.menu.clone(),
            verb: verb.to_owned(),
            items: Vec::new(),
            arguments: Vec::new(),
            conditions: Vec::new(),
        };
        let asks = self.takes("where ");
        self.blanks();
        while !self.rest.is_empty() && !self.rest.starts_with([';', '}', ']']) {
            if self.rest.starts_with(['[', '$']) {
                command.items.push(self.expression());
            } else {
                let word = self.word("").to_owned();
                assert!(!word.is_empty(), "{}", self.rest);
                match self.rest.chars().next() {
                    Some(operator @ ('=' | '~')) if asks => {
                        self.rest = &self.rest[1..];
                        let value = self.value();
                        command.conditions.push((word, operator, value));
                    }
                    Some('=') => {
                        self.rest = &self.rest[1..];
                        let value = self.value();
                        command.arguments.push((word, value));
                    }
                    _ => command.items.push(Expr::Text(word)),
                }
            }
            self.blanks();
        }
        command
    }

    /// What stands behind `name=`: no blank before it, and bare words are texts.
    fn value(&mut self) -> Expr {
        if self.rest.starts_with(['"', '$', '(', '[']) {
            return self.expression();
        }
        let word = self.word("._,:/@+");
        assert!(!word.is_empty(), "an empty value before: {}", self.rest);
        Expr::Text(word.to_owned())
    }

    fn expression(&mut self) -> Expr {
        self.blanks();
        let first = self.rest.chars().next().unwrap_or(' ');
        match first {
            '"' => Expr::Text(self.text()),
            '$' => {
                self.rest = &self.rest[1..];
                Expr::Variable(self.word("").to_owned())
            }
            '!' => {
                self.rest = &self.rest[1..];
                Expr::Not(Box::new(self.expression()))
            }
            '(' => self.operation(),
            '[' => self.inner_command(),
            '0'..='9' => Expr::Number(self.word("").parse().unwrap()),
            _ => match self.word("") {
                "true" => Expr::Truth(true),
                "false" => Expr::Truth(false),
                other => panic!("`{other}` is no value, before: {}", self.rest),
            },
        }
    }

    /// `(a . b . c)`; operators are not mixed, so that nobody needs to know which binds closer.
    fn operation(&mut self) -> Expr {
        self.needs("(");
        let mut left = self.expression();
        let mut last: Option<String> = None;
        while !self.takes(")") {
            let operator = ["!=", "=", "||", "&&", ".", "+"].into_iter().find(|it| self.takes(it));
            let operator = operator
                .unwrap_or_else(|| panic!("no operator before: {}", self.rest))
                .to_owned();
            assert!(last.as_ref().is_none_or(|last| *last == operator), "mixed operators");
            let right = self.expression();
            left = Expr::Operation(Box::new(left), operator.clone(), Box::new(right));
            last = Some(operator);
        }
        left
    }

    fn inner_command(&mut self) -> Expr {
        self.needs("[");
        let menu = self.menu.clone();
        let inner = if self.takes(":") {
            let name = self.word("").to_owned();
            let mut inputs = Vec::new();
            self.blanks();
            while !self.rest.starts_with(']') {
                inputs.push(self.expression());
                self.blanks();
            }
            Expr::Function(name, inputs)
        } else {
            Expr::Command(self.command())
        };
        self.menu = menu;
        self.needs("]");
        inner
    }

    /// A quoted text; `\XX` is a byte.
    fn text(&mut self) -> String {
        self.needs("\"");
        let (mut bytes, mut at) = (Vec::new(), 0);
        let raw = self.rest.as_bytes();
        while raw[at] != b'"' {
            match raw[at] {
                b'\\' => {
                    let digits = &self.rest[at + 1..at + 3];
                    assert!(!digits.contains(|c: char| c.is_ascii_lowercase()), "{digits}");
                    bytes.push(u8::from_str_radix(digits, 16).unwrap());
                    at += 3;
                }
                b'$' => panic!("a text that is expanded: {}", self.rest),
                byte => {
                    bytes.push(byte);
                    at += 1;
                }
            }
        }
        self.rest = &self.rest[at + 1..];
        String::from_utf8(bytes).unwrap()
    }
}

/// The commands that change something, and the two that every menu of the console has.
const VERBS: [&str; 5] = ["add", "set", "remove", "find", "get"];
