//! Nothing: the tests of this crate are what it is for. They use `hostbox` under the name `rquickjs_playground`.
