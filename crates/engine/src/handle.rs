//! Values of ours in guests' hands: opaque objects that native functions give and take back.

use std::ops::Deref;

use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::Constructor;
use rquickjs::{Class, Ctx, JsLifetime, Object, Value};

/// A value behind a handle.
pub struct Held<T>(T);

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

// SAFETY: `T` lives as long as it likes, so it holds nothing of the engine's.
unsafe impl<T: 'static> JsLifetime<'_> for Held<T> {
    type Changed<'to> = Self;
}

impl<'js, T> Trace<'js> for Held<T> {
    fn trace<'a>(&self, _tracer: Tracer<'a, 'js>) {}
}

impl<'js, T: 'static> JsClass<'js> for Held<T> {
    const NAME: &'static str = "Handle";
    type Mutable = Readable;

    fn prototype(_ctx: &Ctx<'js>) -> rquickjs::Result<Option<Object<'js>>> {
        Ok(None)
    }

    fn constructor(_ctx: &Ctx<'js>) -> rquickjs::Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}

/// An object without properties or prototype that has the value until it is collected.
///
/// # Errors
/// The sandbox is out of memory.
pub fn hold<'js, T: 'static>(ctx: &Ctx<'js>, value: T) -> rquickjs::Result<Value<'js>> {
    Ok(Class::instance(ctx.clone(), Held(value))?.into_value())
}

/// The value that [`hold`] put into an object.
///
/// # Errors
/// It is not an object of that kind.
pub fn held<'js, T: 'static>(value: &Value<'js>) -> rquickjs::Result<Class<'js, Held<T>>> {
    Class::from_value(value)
}
