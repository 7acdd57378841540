//! A scope: a call under way in the engine, from its first turn to its answer.

use std::rc::Rc;

use rquickjs::qjs;

use crate::clock::Nanos;
use crate::mail::PluginSource;

/// What becomes of a call's value.
pub(crate) enum Then {
    /// It is the answer.
    Answer,
    /// It is a module's evaluation: the plugin is there when it is fulfilled.
    Register { source: Box<PluginSource>, namespace: qjs::JSValue },
    /// It is the `getInfo()` of a plugin.
    Inform,
}

pub(crate) struct Scope {
    pub(crate) deadline: Nanos,
    pub(crate) plugin: Option<Rc<str>>,
    /// The call's value, or the promise of it.
    pub(crate) value: qjs::JSValue,
    pub(crate) then: Then,
    /// Whether reactions to the promise are in place.
    pub(crate) attached: bool,
    /// Whether memory was refused in one of its turns.
    pub(crate) refused: bool,
}

impl Scope {
    /// # Safety
    /// Under the lock of the engine that the values belong to.
    pub(crate) unsafe fn free(self, cx: *mut qjs::JSContext) {
        // SAFETY: the scope owned one reference of each.
        unsafe {
            qjs::JS_FreeValue(cx, self.value);
            if let Then::Register { namespace, .. } = self.then {
                qjs::JS_FreeValue(cx, namespace);
            }
        }
    }
}
