//! What a server does when it is asked.

/// One way to answer.
#[derive(Clone, Debug)]
pub enum Page {
    /// A whole answer: status, header lines, body; the length is added.
    Answer(u16, Vec<(String, String)>, Vec<u8>),
    /// These bytes, whatever they are, and then the end of the connection.
    Raw(Vec<u8>),
    /// These bytes, and then silence until the client goes.
    Silence(Vec<u8>),
    /// A head, and a body that does not end.
    EndlessBody,
    /// Header lines that do not end.
    EndlessHeaders,
    /// A head that promises 1,000 bytes, 10 of them, and a reset.
    Reset,
    /// What was asked, as text: request line, header lines, and the body behind an empty line.
    Echo,
    /// Early hints, and only then the answer.
    EarlyHints(Vec<u8>),
}

impl Page {
    /// An answer with status 200.
    pub fn text(body: &str) -> Self {
        Self::Answer(200, vec![("content-type".into(), "text/plain".into())], body.into())
    }

    /// An answer with header lines.
    pub fn with(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self::Answer(status, headers.collect(), body.into())
    }

    /// A redirect.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::with(status, &[("location", to)], "")
    }
}
