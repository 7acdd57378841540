//! Native operations of an app's own.

#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use std::io::Write;

use hostbox::{HostRuntime, Limits, OperationCall, OperationOutput};
use serde_json::json;

fn rotate(call: &OperationCall<'_>, output: &mut OperationOutput) -> Result<(), String> {
    let by = call.args.and_then(|args| args["by"].as_u64()).ok_or("expected a number for 'by'")?;
    let add = call.extra.map_or(0, |extra| extra[0]);
    for piece in call.input.chunks(1000) {
        let rotated: Vec<u8> = piece.iter().map(|byte| byte.wrapping_add(by as u8).wrapping_add(add)).collect();
        output.write_all(&rotated).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn endless(_call: &OperationCall<'_>, output: &mut OperationOutput) -> Result<(), String> {
    // Goes on whatever a write says: the limit holds all the same.
    (0..1_000_000).for_each(|_| drop(output.write_all(&[0; 100])));
    Ok(())
}

fn patient(call: &OperationCall<'_>, _output: &mut OperationOutput) -> Result<(), String> {
    while !call.cancel.is_cancelled() {
        std::thread::yield_now();
    }
    Ok(())
}

fn host() -> HostRuntime {
    HostRuntime::builder("tests")
        .limits(Limits { buffer_bytes: 4 << 20, ..Limits::default() })
        .register_op("rotate", rotate)
        .register_op("endless", endless)
        .register_op("patient", patient)
        .register_op("broken", |_: &OperationCall<'_>, _: &mut OperationOutput| panic!("a bug"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn guests_run_the_apps_operations_alone_and_in_chains() {
    let host = host();
    let script = "(async () => {
        const one = await native.run('rotate', new Uint8Array([1, 2, 255]), { by: 1 }, new Uint8Array([10]));
        const two = await native.chain(['invert', { op: 'rotate', args: { by: 2 } }, 'hex_encode'], new Uint8Array([0, 1]));
        return [[...one], new TextDecoder().decode(two)];
    })()";
    assert_eq!(host.eval(script).await.unwrap(), json!([[12, 13, 10], "0100"]));
}

#[tokio::test]
async fn an_error_and_a_panic_are_errors_of_the_operation() {
    let host = host();
    for (op, message) in [
        ("rotate", "rotate: expected a number for 'by'"),
        ("broken", "broken: the input cannot be processed"),
        ("unknown", "unknown: unknown operation"),
    ] {
        let script = format!("native.run('{op}', new Uint8Array(1)).catch((error) => [error.code, error.message])");
        let answer = host.eval(script).await.unwrap();
        assert_eq!(answer[0], "ERR_OP");
        assert!(answer[1].as_str().unwrap().starts_with(message), "{answer}");
    }
}

#[tokio::test]
async fn its_output_is_on_the_sandboxs_account() {
    let host = host();
    let script = "native.run('endless', new Uint8Array(1)).catch((error) => [error.name, error.code])";
    assert_eq!(host.eval(script).await.unwrap(), json!(["RangeError", "ERR_MEMORY"]));
    assert_eq!(host.store().bytes(), 0);
}

#[tokio::test]
async fn it_hears_of_the_end_of_its_call() {
    let host = HostRuntime::builder("tests")
        .limits(Limits { timeout: std::time::Duration::from_millis(50), ..Limits::default() })
        .register_op("patient", patient)
        .build()
        .unwrap();
    let error = host.eval("native.run('patient', new Uint8Array(1))").await.unwrap_err();
    assert_eq!(error.code(), "ERR_TIMEOUT");
    assert_eq!(host.eval("1 + 1").await.unwrap(), 2);
}

#[tokio::test]
async fn a_name_that_is_taken_or_none_is_refused() {
    for name in ["invert", "", "two words", &"x".repeat(65)] {
        let error = HostRuntime::builder("tests").register_op(name, rotate).build().err().unwrap();
        assert_eq!(error.code(), "ERR_ARGUMENT", "{name}");
    }
    let twice = HostRuntime::builder("tests").register_op("mine", rotate).register_op("mine", rotate).build();
    assert!(twice.err().unwrap().to_string().contains("already"));
}
