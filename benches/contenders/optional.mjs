/** A peer that npm may have left out, or that does not load on this Node: then its rows say so. */
export async function optional(name) {
  try {
    return await import(name);
  } catch (error) {
    const reason = error.code === 'ERR_MODULE_NOT_FOUND' ? 'it is not installed' : (error.code ?? error.name);
    throw new Error(`${name} does not load with Node ${process.versions.node}: ${reason}`, { cause: error });
  }
}
