//! What nobody caught: the events on the global object, and what is still reported and counted after them.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

mod app;

use app::App;
use hostbox_web::EXTENSION;
use serde_json::json;

const LISTEN: &str = "
    globalThis.heard = [];
    for (const type of ['error', 'unhandledrejection', 'rejectionhandled']) {
        addEventListener(type, (event) => {
            heard.push([type, event.error ?? event.reason]);
            if (String(event.error ?? event.reason).includes('mine')) event.preventDefault();
        });
    }
    0";

fn listening() -> App {
    let app = App::new(&EXTENSION);
    app.eval(LISTEN).unwrap();
    app
}

#[test]
fn an_unhandled_rejection_is_told_and_counted_unless_it_is_prevented() {
    let app = listening();
    app.eval("Promise.reject('mine'); Promise.reject('other'); 0").unwrap();
    let expected = json!([["unhandledrejection", "mine"], ["unhandledrejection", "other"]]);
    assert_eq!(app.eval("heard").unwrap(), expected);
    assert_eq!(app.stats().unhandled_rejections, 1);
}

#[test]
fn a_rejection_that_is_handled_in_its_turn_is_not_told() {
    let app = listening();
    app.eval("const p = Promise.reject(1); Promise.resolve().then(() => p.catch(() => {})); 0").unwrap();
    assert_eq!(app.eval("heard").unwrap(), json!([]));
}

#[test]
fn a_handler_that_comes_late_is_told() {
    let app = listening();
    app.eval("globalThis.p = Promise.reject('late'); 0").unwrap();
    app.eval("p.catch(() => {}); 0").unwrap();
    let expected = json!([["unhandledrejection", "late"], ["rejectionhandled", "late"]]);
    assert_eq!(app.eval("heard").unwrap(), expected);
}

#[test]
fn a_listener_that_handles_the_promise_has_handled_it() {
    let app = App::new(&EXTENSION);
    app.eval("onunhandledrejection = (event) => { event.promise.catch(() => {}); }; Promise.reject(1); 0").unwrap();
    assert_eq!(app.stats().unhandled_rejections, 0);
}

#[test]
fn a_listener_that_rejects_again_and_again_ends() {
    let app = App::new(&EXTENSION);
    app.eval("onunhandledrejection = () => { Promise.reject(1); }; Promise.reject(0); 0").unwrap();
    assert_eq!(app.eval("1 + 1").unwrap(), json!(2));
    assert!(app.stats().unhandled_rejections > 1);
}

#[test]
fn errors_of_timers_listeners_microtasks_and_report_error_are_told() {
    let app = listening();
    let source = "
        setTimeout(() => { throw 1; });
        queueMicrotask(() => { throw 2; });
        const target = new EventTarget();
        target.addEventListener('x', () => { throw 3; });
        target.dispatchEvent(new Event('x'));
        reportError(4);
        new Promise((resolve) => setTimeout(resolve, 1))";
    app.eval(source).unwrap();
    assert_eq!(app.eval("heard").unwrap(), json!([["error", 3], ["error", 4], ["error", 2], ["error", 1]]));
}

#[test]
fn an_error_of_a_listener_of_errors_is_not_told_again() {
    let app = App::new(&EXTENSION);
    let source = "let count = 0; addEventListener('error', () => { count++; throw 1; }); reportError(0); count";
    assert_eq!(app.eval(source).unwrap(), json!(1));
}

#[test]
fn handlers_of_the_global_object_are_accessors_that_keep_functions() {
    let app = App::new(&EXTENSION);
    let look = "
        ['onerror', 'onunhandledrejection', 'onrejectionhandled'].every((name) => {
            const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, name);
            return get.name === `get ${name}` && set.name === `set ${name}` && enumerable && configurable;
        })";
    assert_eq!(app.eval(look).unwrap(), json!(true));
    let app = App::new(&EXTENSION);
    assert_eq!(
        app.eval("onerror = () => {}; const was = typeof onerror; onerror = 5; [was, onerror]").unwrap(),
        json!(["function", null])
    );
}

#[test]
fn the_global_object_is_an_event_target() {
    let app = App::new(&EXTENSION);
    let source = "
        const seen = [];
        addEventListener('x', function (event) { seen.push(this === globalThis, event.target === globalThis); });
        dispatchEvent(new Event('x'));
        self.dispatchEvent.call(null, new Event('x'));
        seen.join()";
    assert_eq!(app.eval(source).unwrap(), json!("true,true,true,true"));
}
