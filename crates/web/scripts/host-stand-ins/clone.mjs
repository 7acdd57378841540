export function clone(value, transfer) {
  // Node 20 overlooks it.
  if (transfer.some((item) => item.detached ?? (item instanceof ArrayBuffer && isDetached(item)))) {
    throw new DOMException('The buffer is detached', 'DataCloneError');
  }
  return structuredClone(value, { transfer });
}

function isDetached(buffer) {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
