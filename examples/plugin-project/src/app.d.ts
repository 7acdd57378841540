// What the app offers to this plugin: its bridge functions, by the names that it gave them.

declare namespace Hostbox {
  interface Bridge {
    findAuthor(id: number): Promise<{ name: string; born: number } | undefined>;
  }
}
