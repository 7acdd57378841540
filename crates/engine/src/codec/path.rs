//! The path to a culprit, `result.list[3].get("key")`, as a guest's author would write it.

use rquickjs::qjs;
use rquickjs::qjs::{JSAtom, JSValue};

use super::encode::{Frame, Items};
use super::raw::*;
use super::walk::index;

/// Where a path is cut: nesting may go thousands of levels deep.
const LONGEST: usize = 240;

/// The path from `root` through the containers under way. It forgets exceptions that describing a key raises.
pub(super) unsafe fn path(cx: Cx, root: &str, frames: &[Frame]) -> String {
    let mut path = root.to_owned();
    for frame in frames {
        if path.len() > LONGEST {
            path.push('…');
            break;
        }
        let Some(at) = frame.at.checked_sub(1) else { break };
        // SAFETY: the module's contract; `at` has been walked, so it lies within the frame's items.
        unsafe {
            match &frame.items {
                Items::Elements => path.push_str(&format!("[{at}]")),
                Items::Properties(table) => property(cx, &mut path, (*table.add(at as usize)).atom),
                Items::Pairs(pairs) => property(cx, &mut path, pairs[at as usize].0),
                Items::Values(_) => path.push_str(&format!(".values()[{at}]")),
                Items::Entries(_) if at % 2 == 0 => path.push_str(&format!(".keys()[{}]", at / 2)),
                Items::Entries(entries) => entry(cx, &mut path, entries[at as usize - 1], at / 2),
            }
        }
    }
    path
}

unsafe fn property(cx: Cx, path: &mut String, atom: JSAtom) {
    // SAFETY: the module's contract.
    let Ok(chars) = (unsafe { Chars::of_atom(cx, atom) }) else { return forget(cx) };
    let key = chars.bytes();
    if index(key).is_some() {
        path.push_str(&format!("[{}]", String::from_utf8_lossy(key)));
    } else if is_identifier(key) {
        path.push('.');
        path.push_str(&String::from_utf8_lossy(key));
    } else {
        path.push_str(&format!("[{}]", quoted(key)));
    }
}

unsafe fn entry(cx: Cx, path: &mut String, key: JSValue, number: u32) {
    let primitive = !is_object(key) && tag_of(key) != qjs::JS_TAG_SYMBOL;
    if !primitive {
        return path.push_str(&format!(".values()[{number}]"));
    }
    // SAFETY: the module's contract; turning a primitive other than a symbol into text runs no guest code.
    let Ok(chars) = (unsafe { Chars::of(cx, key) }) else { return forget(cx) };
    let text = if is_string(key) { quoted(chars.bytes()) } else { String::from_utf8_lossy(chars.bytes()).into_owned() };
    path.push_str(&format!(".get({text})"));
}

fn forget(cx: Cx) {
    // SAFETY: the module's contract. An exception that may not be forgotten stays pending; the refusal stands beside it.
    let _ = unsafe { swallow(cx) };
}

fn is_identifier(key: &[u8]) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || *byte >= 0x80;
    key.iter().all(word) && key.first().is_some_and(|first| !first.is_ascii_digit())
}

fn quoted(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let shown: String = text.chars().take(64).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("{:?}", shown + rest)
}
