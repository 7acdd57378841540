//! `host:encoding`: see `ops.d.ts`.

use std::cell::RefCell;

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, REPLACEMENT};
use hostbox_engine::{Call, ErrorClass, Native, NativeModule, OpError, held, hold};
use rquickjs::{Array, Error, IntoJs, TypedArray, Value};

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:encoding",
    functions: &[
        Native { name: c"encode", length: 1, run: encode },
        Native { name: c"encodeInto", length: 2, run: encode_into },
        Native { name: c"label", length: 1, run: label },
        Native { name: c"decodeOnce", length: 4, run: decode_once },
        Native { name: c"newDecoder", length: 3, run: new_decoder },
        Native { name: c"decodeChunk", length: 3, run: decode_chunk },
    ],
};

fn encode<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let text = call.string(0)?;
    Ok(TypedArray::<u8>::new_copy(call.ctx().clone(), text)?.into_value())
}

fn encode_into<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let text = call.string(0)?;
    let (read, written) = call.with_bytes_mut(&call.arg(1), |target| fill(&text, target)).unwrap_or((0, 0));
    let answer = Array::new(call.ctx().clone())?;
    answer.set(0, read)?;
    answer.set(1, written)?;
    Ok(answer.into_value())
}

/// Writes whole characters; code units read and bytes written.
fn fill(text: &str, target: &mut [u8]) -> (usize, usize) {
    let mut end = text.len().min(target.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    target[..end].copy_from_slice(&text.as_bytes()[..end]);
    (text[..end].encode_utf16().count(), end)
}

fn find(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label(name.as_bytes()).filter(|encoding| *encoding != REPLACEMENT)
}

fn label<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    match find(&call.string(0)?) {
        Some(encoding) => encoding.name().to_ascii_lowercase().into_js(call.ctx()),
        None => Ok(call.undefined()),
    }
}

fn decode_once<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let mut decoder = open(call, 2, 3)?;
    let text = call.with_bytes(1, |bytes| decoder.decode(bytes, true)).unwrap_or_else(|| decoder.decode(&[], true));
    finish(call, text)
}

fn new_decoder<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let decoder = open(call, 1, 2)?;
    hold(call.ctx(), StreamDecoder(RefCell::new(decoder)))
}

fn decode_chunk<'js>(call: &Call<'_, 'js>) -> rquickjs::Result<Value<'js>> {
    let decoder = held::<StreamDecoder>(&call.arg(0))?;
    let last = !call.boolean(2);
    let text = {
        let decoder = decoder.borrow();
        let mut decoder = decoder.0.borrow_mut();
        call.with_bytes(1, |bytes| decoder.decode(bytes, last)).unwrap_or_else(|| decoder.decode(&[], last))
    };
    finish(call, text)
}

fn finish<'js>(call: &Call<'_, 'js>, text: Option<String>) -> rquickjs::Result<Value<'js>> {
    match text {
        Some(text) => text.into_js(call.ctx()),
        None => {
            let message = "The encoded data was not valid".into();
            Err(call.throw(&OpError { class: ErrorClass::Type, message, ..OpError::default() }))
        }
    }
}

fn open(call: &Call<'_, '_>, fatal: usize, ignore_bom: usize) -> rquickjs::Result<State> {
    let encoding = find(&call.string(0)?).ok_or(Error::Unknown)?;
    Ok(State::new(encoding, call.boolean(fatal), call.boolean(ignore_bom)))
}

/// A decoder between two chunks.
struct State {
    decoder: Decoder,
    encoding: &'static Encoding,
    fatal: bool,
    ignore_bom: bool,
}

impl State {
    fn new(encoding: &'static Encoding, fatal: bool, ignore_bom: bool) -> Self {
        Self { decoder: fresh(encoding, ignore_bom), encoding, fatal, ignore_bom }
    }

    /// The text of the next chunk, or nothing where the input is malformed and that is fatal. After the last chunk, and after an error,
    /// the decoder starts anew.
    fn decode(&mut self, mut bytes: &[u8], last: bool) -> Option<String> {
        let mut text = String::new();
        let valid = if self.fatal {
            self.decode_strictly(&mut bytes, last, &mut text)
        } else {
            self.decode_leniently(bytes, last, &mut text);
            true
        };
        if last || !valid {
            self.decoder = fresh(self.encoding, self.ignore_bom);
        }
        valid.then_some(text)
    }

    fn decode_strictly(&mut self, bytes: &mut &[u8], last: bool, text: &mut String) -> bool {
        loop {
            text.reserve(self.decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len()));
            let (result, read) = self.decoder.decode_to_string_without_replacement(bytes, text, last);
            *bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return true,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return false,
            }
        }
    }

    fn decode_leniently(&mut self, mut bytes: &[u8], last: bool, text: &mut String) {
        loop {
            text.reserve(self.decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len()));
            let (result, read, _) = self.decoder.decode_to_string(bytes, text, last);
            bytes = &bytes[read..];
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }
}

fn fresh(encoding: &'static Encoding, ignore_bom: bool) -> Decoder {
    if ignore_bom { encoding.new_decoder_without_bom_handling() } else { encoding.new_decoder_with_bom_removal() }
}

/// The opaque object that a streaming `TextDecoder` keeps.
struct StreamDecoder(RefCell<State>);
