//! What a token can cost: stack bytes of the deepest of parser, semantic analysis, transformer and code generator.
//!
//! Measured on x86-64 with `opt-level = 3`, oxc 0.146, rounded up. There every family at its limit runs on an eighth of the
//! stack (the tests take a quarter); with `opt-level = 0`, where frames are larger, on all of it. Data only.

/// The estimated stack of a source that passes.
pub(super) const STACK_MAX: u64 = 64 << 20;
/// The stack that it runs on: eight times as much.
pub(super) const STACK_BYTES: usize = 512 << 20;
/// Open brackets. Code that people and bundlers write stays below a hundred; scopes make some passes quadratic in this.
pub(super) const BRACKETS_MAX: usize = 512;
/// Tokens that the parser may read once more because an attempt failed; each keeps some 70 bytes of arena.
pub(super) const ATTEMPTS_MAX: u64 = 4 << 20;

/// `(` 1,585, `[` 1,730, `{` 1,841, class body 2,433.
pub(super) const BRACKET: u64 = 2_600;
/// `a => a =>` 977.
pub(super) const ARROW: u64 = 1_000;
/// `x = x =` and `a ? b :` 578.
pub(super) const ASSIGNMENT: u64 = 600;
/// `A<A<` 1,537.
pub(super) const ANGLE: u64 = 1_600;
/// `a.b.c` 160, `a()()` 240, `a + a` 97, in enums 240, `!!a` 97.
pub(super) const OPERATOR: u64 = 300;
/// `for(;;)for(;;)` 593, `if … else if` 401, `a: a:` 465.
pub(super) const STATEMENT: u64 = 650;

/// What takes quadratic time is charged for more than its stack: 100,000 nested `await` run ten seconds.
pub(super) const QUADRATIC: u64 = 24_000;
/// `namespace A.B.C` and namespaces of one name take quadratic time: a dot's stack, and a declaration's attempts.
pub(super) const NAMESPACE_DOT: u64 = 100_000;
pub(super) const NAMESPACE_ATTEMPTS: u64 = 1_000;

/// Which counter a token goes to.
pub(super) enum Charge {
    Expression(u64),
    Statement(u64),
}

/// The charge of a word that is no property name; `previous` is the first byte of the token before it.
pub(super) fn of_word(word: &[u8], previous: u8) -> Charge {
    match word {
        // `for (…) for (…)` and `with (…) with (…)` make scopes, which take quadratic time.
        b"for" | b"with" if !matches!(previous, b';' | b'{' | b'}') => Charge::Statement(QUADRATIC),
        b"if" | b"else" | b"for" | b"while" | b"do" | b"with" => Charge::Statement(STATEMENT),
        b"class" | b"function" | b"asserts" => Charge::Expression(1_600),
        // `A extends B ? A extends B ? …` is quadratic too, but ordinary declaration files hold thousands.
        b"extends" => Charge::Expression(QUADRATIC / 4),
        b"await" | b"yield" => Charge::Expression(QUADRATIC),
        b"typeof" | b"void" | b"delete" | b"keyof" | b"readonly" | b"unique" | b"infer" | b"new" | b"as"
        | b"satisfies" | b"in" | b"instanceof" | b"is" | b"import" | b"abstract" | b"async" => {
            Charge::Expression(ASSIGNMENT)
        }
        _ => Charge::Expression(0),
    }
}

/// Reserved words after which an operand comes: a slash there opens a regular expression.
pub(super) fn expects_operand(word: &[u8]) -> bool {
    matches!(
        word,
        b"return"
            | b"typeof"
            | b"case"
            | b"in"
            | b"instanceof"
            | b"new"
            | b"delete"
            | b"void"
            | b"throw"
            | b"do"
            | b"else"
            | b"extends"
            | b"default"
    )
}

/// Reserved words that can only start a statement when a value stands on the line before.
pub(super) fn starts_statement(word: &[u8]) -> bool {
    matches!(
        word,
        b"const"
            | b"var"
            | b"export"
            | b"if"
            | b"for"
            | b"while"
            | b"do"
            | b"return"
            | b"throw"
            | b"switch"
            | b"try"
            | b"break"
            | b"continue"
    )
}

/// Words that may stand beside another word within a type.
pub(super) fn is_type_operator(word: &[u8]) -> bool {
    matches!(
        word,
        b"keyof"
            | b"typeof"
            | b"readonly"
            | b"unique"
            | b"infer"
            | b"extends"
            | b"is"
            | b"asserts"
            | b"new"
            | b"abstract"
            | b"const"
            | b"in"
            | b"out"
            | b"import"
            | b"as"
    )
}
