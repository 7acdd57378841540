//! One reading of a source: a lexer that keeps the open brackets and what they cost the parser.
//!
//! In: bytes of TypeScript. Out: one token a step, or a refusal. What a token costs is in `cost.rs`.

mod literals;

use super::cost::{self, Charge};
use super::scan::Refusal;

/// What the token before a `/` says about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A value ended: the slash divides.
    Value,
    /// An operand is due: the slash opens a regular expression.
    Operand,
    /// Either.
    Doubt,
}

/// What a step came to.
pub(super) enum Fork {
    None,
    /// A slash at this byte can be read both ways.
    Slash(usize),
    End,
}

/// An open bracket, with what its inside has cost so far.
#[derive(Clone, Default)]
struct Level {
    closer: u8,
    is_template: bool,
    /// The parentheses after `if`, `while`, `for` and `with`: a regular expression may follow them.
    is_header: bool,
    /// May be the parameters of an arrow function: the parser tries that first and starts over.
    is_tried: bool,
    /// Stack of everything around this bracket, the bracket included.
    base: u64,
    /// Stack of the expression under way; gone at its end.
    expression: u64,
    /// Stack of `if`, `else`, `for` and the like. They outlive a `;` (`if (a) b; else …`), so they stay until the bracket closes.
    statement: u64,
    /// How many attempts, here and around, the parser may throw away and repeat.
    attempts: u64,
    /// Attempts to read `<` as type arguments.
    angles: u64,
    /// A `<` was seen since the last `;`: a comma may then stand in type arguments, and ends nothing.
    has_angle: bool,
    /// `?` and `(…):` since the last end of an expression: arrow functions there are tried with their bodies.
    has_question: bool,
    returns: u64,
}

/// A reading and where it stands.
#[derive(Clone)]
pub(super) struct Reading<'s> {
    bytes: &'s [u8],
    source: &'s str,
    at: usize,
    before: Before,
    /// Text range of the token before, and the first byte of the one before that.
    token: (usize, usize),
    byte_before_token: u8,
    after_dot: bool,
    /// Within the dotted name of a namespace.
    in_namespace: bool,
    new_line: bool,
    levels: Vec<Level>,
    work: u64,
}

impl<'s> Reading<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        let bytes = source.as_bytes();
        let mut at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        if bytes[at..].starts_with(b"#!") {
            at = literals::line_end(bytes, at);
        }
        Self {
            bytes,
            source,
            at,
            before: Before::Operand,
            token: (at, at),
            byte_before_token: b';',
            after_dot: false,
            in_namespace: false,
            new_line: true,
            levels: vec![Level::default()],
            work: 0,
        }
    }

    /// The same reading, past a slash that divides.
    pub(super) fn divided(mut self) -> Self {
        self.at += 1;
        self.before = Before::Operand;
        self.new_line = false;
        self
    }

    /// Reads one token.
    pub(super) fn advance(&mut self) -> Result<Fork, Refusal> {
        self.skip_blanks()?;
        let Some(&byte) = self.bytes.get(self.at) else { return Ok(Fork::End) };
        if byte == b'/' {
            match self.before {
                Before::Value if !self.new_line => {}
                Before::Operand => return self.regular_expression().map(|()| Fork::None),
                _ => {
                    // The levels are copied for the second reading, so charge first.
                    self.charge(Charge::Expression(cost::OPERATOR))?;
                    return Ok(Fork::Slash(self.at));
                }
            }
        }
        let start = self.at;
        let (before, previous) = (self.before, self.token.0);
        match byte {
            b'\'' | b'"' => self.string(byte)?,
            b'`' => {
                self.at += 1;
                self.charge(Charge::Expression(cost::OPERATOR))?;
                self.template()?;
            }
            b'(' | b'[' | b'{' => self.open(byte)?,
            b')' | b']' | b'}' => self.close(byte)?,
            _ if is_word(byte) || byte == b'\\' || byte == b'#' || !byte.is_ascii() => self.word(start, before)?,
            _ => self.punctuation(byte, before)?,
        }
        self.byte_before_token = self.bytes.get(previous).copied().unwrap_or(b';');
        self.token = (start, self.at);
        self.new_line = false;
        let level = self.level();
        self.work += level.attempts + level.angles + level.returns;
        if self.work > cost::ATTEMPTS_MAX {
            return Err(self
                .refuse("too much to try: nested `(a = (`, `a < b <`, `a ? (b) : c =>`, or thousands of namespaces"));
        }
        Ok(Fork::None)
    }

    fn open(&mut self, byte: u8) -> Result<(), Refusal> {
        let previous = &self.bytes[self.token.0..self.token.1];
        let is_operand = self.before != Before::Value || previous == b"async" || previous == b"await";
        let is_header = byte == b'('
            && !self.after_dot
            && self.byte_before_token != b'.'
            && matches!(previous, b"if" | b"while" | b"for" | b"with" | b"await");
        self.in_namespace = false;
        self.at += 1;
        let is_tried = byte == b'(' && is_operand && may_be_parameters(&self.bytes[self.at..]);
        let closer = match byte {
            b'(' => b')',
            b'[' => b']',
            _ => b'}',
        };
        self.push(Level { closer, is_header, is_tried, ..Level::default() })
    }

    fn push(&mut self, level: Level) -> Result<(), Refusal> {
        let outer = self.level();
        let base = outer.base + outer.expression + outer.statement + cost::BRACKET;
        let attempts = outer.attempts + outer.angles + outer.returns + u64::from(level.is_tried);
        self.levels.push(Level { base, attempts, ..level });
        self.before = Before::Operand;
        self.after_dot = false;
        if self.levels.len() > cost::BRACKETS_MAX {
            return Err(self.refuse("nested too deeply"));
        }
        self.charge(Charge::Expression(0))
    }

    fn close(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.levels.len() < 2 || self.level().closer != byte {
            return Err(self.mistake(self.at, "bracket without its partner"));
        }
        let closed = self.levels.pop().unwrap_or_default();
        self.at += 1;
        self.after_dot = false;
        if closed.is_template {
            return self.template();
        }
        self.before = if byte == b'}' || closed.is_header { Before::Doubt } else { Before::Value };
        let colon = byte == b')' && self.bytes[self.at..].trim_ascii_start().first() == Some(&b':');
        let level = self.level_mut();
        if colon && level.has_question {
            level.returns += 1;
        }
        // Calls and index expressions nest their callees.
        self.charge(Charge::Expression(cost::OPERATOR))
    }

    fn word(&mut self, start: usize, before: Before) -> Result<(), Refusal> {
        let mut has_escape = false;
        self.at += self.source[self.at..].chars().next().map_or(1, char::len_utf8);
        if self.bytes[start] == b'\\' {
            self.at = start;
        }
        loop {
            match self.bytes.get(self.at) {
                Some(b'\\') => {
                    has_escape = true;
                    self.at += 1;
                    if self.bytes[self.at..].starts_with(b"u{") {
                        self.at = self.bytes[self.at..]
                            .iter()
                            .position(|&b| b == b'}')
                            .map_or(self.at + 2, |n| self.at + n + 1);
                    }
                }
                Some(&byte) if is_word(byte) => self.at += 1,
                Some(&byte) if !byte.is_ascii() => match self.source[self.at..].chars().next() {
                    Some(character) if character.is_alphanumeric() => self.at += character.len_utf8(),
                    _ => break,
                },
                _ => break,
            }
        }
        let word = &self.bytes[start..self.at];
        if matches!(&self.bytes[self.token.0..self.token.1], b"namespace" | b"module") {
            self.in_namespace = true;
            self.work += cost::NAMESPACE_ATTEMPTS;
        }
        let is_name = self.after_dot || word.first() == Some(&b'#');
        let previous = &self.bytes[self.token.0..self.token.1];
        self.after_dot = false;
        if is_name {
            self.before = Before::Value;
            return Ok(());
        }
        if cost::starts_statement(word) && self.new_line && before != Before::Operand && previous != b"as" {
            self.end_expression(true);
        }
        // `a < b c` is no list of types: the attempt ends here.
        if before == Before::Value && !cost::is_type_operator(previous) && !cost::is_type_operator(word) {
            self.level_mut().angles = 0;
        }
        self.before =
            if has_escape || !self.source[start..self.at].is_ascii() || matches!(word, b"yield" | b"await" | b"of") {
                Before::Doubt
            } else if cost::expects_operand(word) {
                Before::Operand
            } else {
                Before::Value
            };
        let previous = previous.first().copied().unwrap_or(b';');
        self.charge(cost::of_word(word, previous))
    }

    fn punctuation(&mut self, byte: u8, before: Before) -> Result<(), Refusal> {
        let rest = &self.bytes[self.at..];
        let (length, charge) = match byte {
            b'=' if rest.starts_with(b"=>") => (2, Charge::Expression(cost::ARROW)),
            b'=' => (1, Charge::Expression(cost::ASSIGNMENT)),
            b'?' if rest.starts_with(b"?.") => (2, Charge::Expression(cost::ASSIGNMENT)),
            b'?' => (1, Charge::Expression(cost::ASSIGNMENT)),
            b'<' => (1, Charge::Expression(cost::ANGLE)),
            b'.' if self.in_namespace => (1, Charge::Expression(cost::NAMESPACE_DOT)),
            b'+' | b'-' if rest.get(1) == Some(&byte) => (2, Charge::Expression(cost::OPERATOR)),
            b':' if is_word(self.bytes.get(self.token.0).copied().unwrap_or(b';'))
                && !matches!(self.byte_before_token, b',' | b'{' | b'(') =>
            {
                (1, Charge::Statement(cost::STATEMENT))
            }
            b':' | b',' | b';' => (1, Charge::Expression(0)),
            _ => (1, Charge::Expression(cost::OPERATOR)),
        };
        self.in_namespace &= byte == b'.';
        let is_arrow = length == 2 && byte == b'=';
        let level = self.level_mut();
        match byte {
            b'<' => {
                level.angles += 1;
                level.has_angle = true;
            }
            b'>' => level.angles = level.angles.saturating_sub(1),
            b'+' | b'/' | b'%' | b'^' | b'~' => level.angles = 0,
            b'=' if !is_arrow => level.angles = 0,
            b'&' | b'|' if rest.get(1) == Some(&byte) => level.angles = 0,
            b'?' if length == 1 => level.has_question = true,
            b';' => self.end_expression(true),
            b',' => self.end_expression(false),
            _ => {}
        }
        let is_number_dot = byte == b'.' && self.bytes.get(self.token.0).is_some_and(u8::is_ascii_digit);
        self.after_dot = byte == b'.' || rest.starts_with(b"?.");
        self.before = match byte {
            // Postfix `++`, `--` and `!` end a value, the prefix ones start one.
            b'+' | b'-' if length == 2 && before != Before::Operand && !self.new_line => before,
            b'!' if before != Before::Operand && !self.new_line && rest.get(1) != Some(&b'=') => before,
            b'>' => Before::Doubt,
            _ if is_number_dot => Before::Doubt,
            _ => Before::Operand,
        };
        self.at += length;
        self.charge(charge)
    }

    fn end_expression(&mut self, is_statement: bool) {
        let level = self.level_mut();
        if is_statement || !level.has_angle {
            level.expression = 0;
            level.has_question = false;
            level.returns = 0;
        }
        if is_statement {
            level.has_angle = false;
            level.angles = 0;
        }
    }

    fn charge(&mut self, charge: Charge) -> Result<(), Refusal> {
        let level = self.level_mut();
        match charge {
            Charge::Expression(bytes) => level.expression += bytes,
            Charge::Statement(bytes) => level.statement += bytes,
        }
        if level.base + level.expression + level.statement > cost::STACK_MAX {
            return Err(self.refuse("nested too deeply"));
        }
        Ok(())
    }

    fn value_token(&mut self) {
        self.before = Before::Value;
        self.after_dot = false;
    }

    // There is always the outermost level: `close` leaves it.
    fn level(&self) -> &Level {
        &self.levels[self.levels.len() - 1]
    }

    fn level_mut(&mut self) -> &mut Level {
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn refuse(&self, message: &str) -> Refusal {
        Refusal { offset: self.at, message: message.to_owned(), is_syntax: false }
    }

    fn mistake(&self, offset: usize, message: &str) -> Refusal {
        Refusal { offset, message: message.to_owned(), is_syntax: true }
    }
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

/// Whether what follows `(` makes the parser try an arrow function that it may give up.
pub(super) fn may_be_parameters(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    let length = rest.iter().take_while(|&&byte| is_word(byte)).count();
    if length == 0 {
        return !matches!(rest.first(), None | Some(b'\'' | b'"' | b'(' | b')' | b'!' | b'+' | b'-' | b'~' | b'`'));
    }
    if matches!(&rest[..length], b"function" | b"class" | b"new" | b"typeof" | b"void" | b"delete" | b"import") {
        return false;
    }
    match rest[length..].trim_ascii_start() {
        [b'=', b'=' | b'>', ..] => false,
        [b'=' | b',' | b')' | b'/' | b'\\', ..] => true,
        tail => tail.first().is_some_and(|byte| !byte.is_ascii()),
    }
}
