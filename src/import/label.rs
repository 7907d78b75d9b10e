//! What people read on a button, or beside it where the button itself only says "buy". A guess that names a plan;
//! nothing is decided by it. Pure.

use std::ops::Range;

use super::glyphs::{self, Charset};
use super::markup::{Piece, Tag};

/// The label of the button at `index`; texts before the piece `previous` belong to other buttons.
pub fn of(page: &[u8], charset: Charset, pieces: &[Piece], index: usize, previous: usize) -> Option<String> {
    let reader = Reader { page, charset, pieces };
    let Some(Piece::Tag(tag)) = pieces.get(index) else {
        return None;
    };
    let own = match tag.name.as_str() {
        "input" => tag.attribute("value").map(|value| reader.text(value.value.clone())),
        "body" | "form" | "table" | "html" => None,
        name => Some(reader.inside(index, name)),
    };
    own.filter(|text| says_something(text))
        .or_else(|| reader.beside(index, previous))
}

/// The same of a form: its button, or what stands in it, or beside it.
pub fn of_form(page: &[u8], charset: Charset, pieces: &[Piece], index: usize, previous: usize) -> Option<String> {
    let reader = Reader { page, charset, pieces };
    let inside = reader.until_end(index, "form");
    let texts = inside.iter().filter_map(|at| match pieces.get(*at)? {
        Piece::Text(range) => Some(reader.text(range.clone())),
        Piece::Tag(tag) if tag.name == "input" && reader.is_submit(tag) => {
            Some(reader.text(tag.attribute("value")?.value.clone()))
        }
        _ => None,
    });
    let mut texts = texts.filter(|text| says_something(text));
    texts.next().or_else(|| reader.beside(index, previous))
}

/// The page's `<title>`.
pub fn title(page: &[u8], charset: Charset, pieces: &[Piece]) -> Option<String> {
    let reader = Reader { page, charset, pieces };
    let is_title = |piece: &Piece| matches!(piece, Piece::Tag(tag) if tag.name == "title" && !tag.is_end);
    let text = reader.inside(pieces.iter().position(is_title)?, "title");
    (!text.is_empty() && !text.contains("$(")).then_some(text)
}

struct Reader<'a> {
    page: &'a [u8],
    charset: Charset,
    pieces: &'a [Piece],
}

impl Reader<'_> {
    /// One line, entities read.
    fn text(&self, range: Range<usize>) -> String {
        let read = glyphs::text(&glyphs::entities(&glyphs::read(self.page, range, self.charset)));
        let words: Vec<_> = read.split_whitespace().collect();
        let line: String = words.join(" ").chars().take(LABEL_MAX).collect();
        line.trim().to_owned()
    }

    /// The pieces up to the end of the tag at `index`.
    fn until_end(&self, index: usize, name: &str) -> Vec<usize> {
        let rest = self.pieces.iter().enumerate().skip(index + 1).take(PIECES_MAX);
        rest.take_while(|(_, piece)| !matches!(piece, Piece::Tag(tag) if tag.is_end && tag.name == name))
            .map(|(at, _)| at)
            .collect()
    }

    fn inside(&self, index: usize, name: &str) -> String {
        let texts = self
            .until_end(index, name)
            .into_iter()
            .filter_map(|at| self.text_at(at));
        let joined = texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        joined.chars().take(LABEL_MAX).collect::<String>().trim().to_owned()
    }

    fn text_at(&self, at: usize) -> Option<String> {
        match self.pieces.get(at)? {
            Piece::Text(range) => Some(self.text(range.clone())),
            _ => None,
        }
    }

    /// The first text of the row or card that the button stands in; the nearest text where there is neither.
    fn beside(&self, index: usize, previous: usize) -> Option<String> {
        let opens = |at: &usize| matches!(self.pieces.get(*at), Some(Piece::Tag(tag)) if self.opens_offer(tag));
        let start = (previous..index).rev().find(opens);
        let texts = |range: Range<usize>| {
            range
                .filter_map(|at| self.text_at(at))
                .filter(|text| says_something(text))
        };
        match start {
            Some(start) => texts(start..index).next(),
            None => texts(previous..index).next_back(),
        }
    }

    fn opens_offer(&self, tag: &Tag) -> bool {
        let is_row = matches!(
            tag.name.as_str(),
            "tr" | "li" | "section" | "article" | "h2" | "h3" | "h4" | "h5" | "h6"
        );
        let class = tag
            .attribute("class")
            .map(|class| self.text(class.value.clone()).to_lowercase());
        let is_card = |class: &String| {
            let mut words = class.split(' ');
            words.any(|word| OFFER_CLASSES.contains(&word))
        };
        !tag.is_end && (is_row || class.as_ref().is_some_and(is_card))
    }

    fn is_submit(&self, tag: &Tag) -> bool {
        let kind = tag
            .attribute("type")
            .map(|kind| self.text(kind.value.clone()).to_lowercase());
        matches!(kind.as_deref(), Some("submit" | "button"))
    }
}

/// Whether a text tells plans apart.
fn says_something(text: &str) -> bool {
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let words: Vec<_> = plain.split_whitespace().collect();
    !text.contains("$(") && !words.is_empty() && !words.iter().all(|word| IDLE_WORDS.contains(word))
}

/// Words that are on every button.
const IDLE_WORDS: &[&str] = &[
    "acheter",
    "achetez",
    "achat",
    "maintenant",
    "payer",
    "payez",
    "ici",
    "cliquez",
    "cliquer",
    "choisir",
    "commander",
    "par",
    "avec",
    "momo",
    "mobile",
    "money",
    "ok",
    "go",
    "buy",
    "now",
    "pay",
    "click",
    "here",
    "select",
    "with",
    "comprar",
    "pagar",
    "ahora",
    "aqui",
    "aquí",
    "con",
    "com",
    "agora",
    "fedapay",
    "cinetpay",
    "feexpay",
    "conekta",
    "mercado",
    "pago",
    "mercadopago",
    "ticket",
    "ou",
    "or",
    "le",
    "ce",
    "un",
    "the",
    "a",
];

/// What cards are called in style sheets.
const OFFER_CLASSES: &[&str] = &[
    "card", "plan", "offre", "forfait", "offer", "price", "pricing", "tarif", "ticket", "package", "product", "item",
    "box",
];

/// More is no name of a plan.
const LABEL_MAX: usize = 60;
/// A button that is never closed ends somewhere.
const PIECES_MAX: usize = 40;
