//! The engine's parser and compiler never meet an empty account: they do not look at every allocation (quickjs-ng 0.16.2:
//! `cpool_add`, `new_label`, `resolve_labels`), and one refused there ends in an assertion or in memory written past its end.
//!
//! All of it runs inside one function of the context, whose place is found as that of the interrupt counter is. Ours in front of it
//! asks for room first, by the length of the source, and then lets parsing overdraw the account. Once it does, the parser is told
//! that its stack is full, which it looks at everywhere, so that it gives up in good order. Compiled code runs inside the same
//! call: its first poll, which is made to come at once, ends the overdraft (`docs/decisions/parser-overdraft.md`).

use std::ffi::{c_char, c_int};
use std::sync::OnceLock;

use rquickjs::{Runtime, qjs};

use crate::realm::Realm;

type Eval = unsafe extern "C" fn(
    *mut qjs::JSContext,
    qjs::JSValue,
    *const c_char,
    qjs::size_t,
    *const c_char,
    c_int,
    c_int,
    c_int,
) -> qjs::JSValue;

/// Where a context keeps its function, and which it is.
struct Place {
    offset: usize,
    original: Eval,
}

fn place() -> Option<&'static Place> {
    static PLACE: OnceLock<Option<Place>> = OnceLock::new();
    PLACE.get_or_init(find).as_ref()
}

/// The one word of a raw context that `JS_AddIntrinsicEval` fills.
fn find() -> Option<Place> {
    let runtime = Runtime::new().ok()?;
    let context = rquickjs::Context::base(&runtime).ok()?;
    context.with(|ctx| {
        // SAFETY: a context of its own, read as plain words while nothing runs in it, and freed.
        unsafe {
            let raw = qjs::JS_NewContextRaw(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()));
            if raw.is_null() {
                return None;
            }
            let words = (qjs::js_malloc_usable_size(raw, raw.cast()) as usize).min(4_096) / size_of::<usize>();
            let snapshot = || std::slice::from_raw_parts(raw.cast::<usize>(), words).to_vec();
            let before = snapshot();
            qjs::JS_AddIntrinsicEval(raw);
            let after = snapshot();
            qjs::JS_FreeContext(raw);
            let mut changed = (0..words).filter(|word| before[*word] != after[*word]);
            let word = changed.next()?;
            (changed.next().is_none() && before[word] == 0).then(|| Place {
                offset: word * size_of::<usize>(),
                original: std::mem::transmute::<usize, Eval>(after[word]),
            })
        }
    })
}

/// # Safety
/// The live, locked context of a realm.
pub(crate) unsafe fn install(cx: *mut qjs::JSContext) {
    if let Some(place) = place() {
        // SAFETY: the place was found in a context of this very engine build.
        unsafe { cx.byte_add(place.offset).cast::<Eval>().write(eval) };
    }
}

unsafe extern "C" fn eval(
    cx: *mut qjs::JSContext,
    this: qjs::JSValue,
    source: *const c_char,
    length: qjs::size_t,
    filename: *const c_char,
    line: c_int,
    flags: c_int,
    scope: c_int,
) -> qjs::JSValue {
    // SAFETY: called by the engine, in place of its own, with what its own takes.
    unsafe {
        let Some(place) = place() else { return qjs::JS_ThrowOutOfMemory(cx) };
        let realm = Realm::of(cx);
        let shared = realm.shared();
        if !shared.account.begin_parsing(length as usize) {
            qjs::JS_RunGC(qjs::JS_GetRuntime(cx));
            if !shared.account.begin_parsing(length as usize) {
                shared.account.refuse();
                return qjs::JS_ThrowOutOfMemory(cx);
            }
        }
        shared.turn.poke();
        let value = (place.original)(cx, this, source, length, filename, line, flags, scope);
        if shared.account.end_parsing() {
            realm.restore_stack();
            if qjs::JS_IsException(value) && !realm.is_ending() {
                // What it complained about is the stack, which was never full.
                qjs::JS_FreeValue(cx, qjs::JS_GetException(cx));
                return qjs::JS_ThrowOutOfMemory(cx);
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_parser_is_found_in_this_engine_build() {
        assert!(super::place().is_some());
    }
}
