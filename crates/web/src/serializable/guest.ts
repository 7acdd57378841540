// What structured cloning knows of the platform's own objects: a register to which features add their classes when they are loaded.
//
// An object that no class here owns is cloned as the plain object that it looks like.
// Specification: https://html.spec.whatwg.org/multipage/structured-data.html#serializable-objects

/** How one class is cloned and transferred. */
export interface Platform {
  /** The interface's name, for messages. */
  readonly name: string;
  /** Whether a value is of this class: a brand, nothing that a guest could claim. */
  is(value: object): boolean;
  /** A new object with the same content; missing where the class is not serializable. */
  clone?(value: object): object;
  readonly transfer?: {
    /** Why it cannot be transferred now, or undefined. */
    refusal(value: object): string | undefined;
    /** A new object that takes over; the old one is detached afterwards. Called when nothing can fail any more. */
    move(value: object): object;
  };
}

const platforms: Platform[] = [];

/** A class that is derived from another one comes first: the latest that says yes has it. */
export function registerPlatform(platform: Platform): void {
  platforms[platforms.length] = platform;
}

export function platformOf(value: object): Platform | undefined {
  for (let i = platforms.length - 1; i >= 0; i--) if (platforms[i]!.is(value)) return platforms[i];
  return undefined;
}

export function hasPlatforms(): boolean {
  return platforms.length > 0;
}
