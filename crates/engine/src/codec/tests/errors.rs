use super::*;

impl World {
    fn thrown(&self, source: &str) -> GuestError {
        let value = self.eval(source);
        let error = unsafe { describe_error(self.cx, &self.intrinsics, value.raw()) };
        assert!(!unsafe { qjs::JS_HasException(self.cx) }, "{source}");
        error
    }
}

#[test]
fn an_error_is_described_with_its_causes_and_fields() {
    world(|w| {
        let error = w.thrown(
            "(() => { class Odd extends TypeError { name = 'Odd' } const e = new Odd('boom', { cause: new RangeError('why', { cause: { n: 1 } }) }); \
             return Object.assign(e, { code: 'E_ODD', list: [1, { two: 2 }], f() {}, nested: { s: Symbol() } }) })()",
        );
        assert!(error.is_error);
        assert_eq!(
            (error.name.as_str(), error.message.as_str(), error.code.as_deref()),
            ("Odd", "boom", Some("E_ODD"))
        );
        assert!(error.stack.unwrap().contains("test.js"));
        assert!(error.value.is_none());
        assert_eq!(
            error.details.to_json().unwrap(),
            serde_json::json!({ "code": "E_ODD", "list": [1, { "two": 2 }], "f": "[a function]", "nested": "[a symbol]" })
        );
        let Some(Cause::Error(cause)) = error.cause.map(|cause| *cause) else { panic!("no cause") };
        assert_eq!((cause.name.as_str(), cause.message.as_str()), ("RangeError", "why"));
        let Some(Cause::Value(value)) = cause.cause.map(|cause| *cause) else { panic!("no cause") };
        assert_eq!(value.to_json().unwrap(), serde_json::json!({ "n": 1 }));
    });
}

#[test]
fn other_thrown_values_come_along() {
    world(|w| {
        let text = w.thrown("'just text'");
        assert!(!text.is_error);
        assert_eq!((text.name.as_str(), text.message.as_str()), ("Error", "just text"));
        assert_eq!(text.value.unwrap().to_json().unwrap(), "just text");
        assert_eq!(w.thrown("undefined").message, "undefined");
        assert_eq!(w.thrown("12n").message, "12");
        let object = w.thrown("({ message: 'm', code: 5 })");
        assert_eq!(object.message, "m");
        assert_eq!(object.value.unwrap().to_json().unwrap(), serde_json::json!({ "message": "m", "code": 5 }));
        assert!(w.thrown("() => 1").value.is_none());
        assert_eq!(w.thrown("Symbol('x')").message, "a symbol");
    });
}

#[test]
fn hostile_errors_are_described_all_the_same() {
    world(|w| {
        let bomb = "{ get() { throw new Error('trap') }, enumerable: true }";
        let error = w.thrown(&format!(
            "Object.defineProperties(new Error('x'), {{ name: {bomb}, message: {bomb}, stack: {bomb}, cause: {bomb}, code: {bomb}, extra: {bomb}, fine: {{ value: 1, enumerable: true }} }})"
        ));
        assert!(error.is_error);
        assert_eq!(error.name, "Error");
        assert_eq!(error.details.to_json().unwrap(), serde_json::json!({ "fine": 1 }));

        let ring = w.thrown("(() => { const e = new Error('ring'); e.cause = e; return e })()");
        let mut depth = 0;
        let mut next = ring.cause;
        while let Some(Cause::Error(cause)) = next.map(|cause| *cause) {
            depth += 1;
            next = cause.cause;
        }
        assert_eq!(depth, 8);

        let huge = w.thrown("Object.assign(new Error('ü'.repeat(1e6)), { big: 'x'.repeat(1e6), many: 1 })");
        assert!(huge.message.len() <= (64 << 10) + 3 && huge.message.ends_with('…'));
        assert!(huge.details.byte_size() < 1_000);

        let proxy = w.thrown("new Proxy(new Error('x'), { get() { throw 1 }, getPrototypeOf() { throw 2 }, getOwnPropertyDescriptor() { throw 3 } })");
        assert!(!proxy.is_error);
        let odd = w.thrown(
            "Object.setPrototypeOf(new Error('x'), new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } }))",
        );
        assert!(odd.is_error);
        assert_eq!(odd.message, "x");
        w.round_trip(
            "Object.setPrototypeOf(new Error('x'), new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } }))",
            "c.message === 'x'",
        );
        let aggregate = w.thrown("new AggregateError([1, 'two'], 'm')");
        assert_eq!(aggregate.details.to_json().unwrap(), serde_json::json!({ "errors": [1, "two"] }));
    });
}

#[test]
fn a_new_error_is_of_its_kind_and_gets_its_stack_when_thrown() {
    world(|w| unsafe {
        let error = new_error(w.cx, &w.intrinsics, 5, "größe");
        w.set_global("e", Owned::new(w.cx, error));
        w.is_true(
            "Object.getPrototypeOf(e) === TypeError.prototype && e.message === 'größe' && Object.keys(e).length === 0",
        );
        let thrown = w.thrown("(() => { try { throw e } catch (error) { return error } })()");
        assert_eq!((thrown.name.as_str(), thrown.message.as_str()), ("TypeError", "größe"));
    });
}
