export function report() {}
export function listen() {}
