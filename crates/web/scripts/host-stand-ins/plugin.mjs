export const current = () => undefined;
