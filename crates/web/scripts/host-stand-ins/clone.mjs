export function clone(value, transfer, platform, finish) {
  const place = platform !== undefined && isSpecial(value) ? platform(value) : -1;
  if (place >= 0) return finish()[place];
  // Node 20 overlooks it.
  if (transfer.some((item) => item.detached ?? (item instanceof ArrayBuffer && isDetached(item)))) {
    throw new DOMException('The buffer is detached', 'DataCloneError');
  }
  const cloned = structuredClone(value, { transfer });
  finish?.();
  return cloned;
}

function isDetached(buffer) {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Objects of our own classes are found at the top alone: Node's algorithm cannot be asked about those inside. */
function isSpecial(value) {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== Object.prototype;
}
