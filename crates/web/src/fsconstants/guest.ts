// The constants of fs: numbers alone, also where a build has no files.

import { bare, descriptor } from 'guest:webidl';

const { defineProperty } = Reflect;
const { freeze } = Object;

/** Those of Linux, whatever the host is: guests see one system. */
const constants = bare<number>();
const table: readonly (readonly [string, number])[] = [
  ['UV_FS_SYMLINK_DIR', 1],
  ['UV_FS_SYMLINK_JUNCTION', 2],
  ['O_RDONLY', 0],
  ['O_WRONLY', 1],
  ['O_RDWR', 2],
  ['UV_DIRENT_UNKNOWN', 0],
  ['UV_DIRENT_FILE', 1],
  ['UV_DIRENT_DIR', 2],
  ['UV_DIRENT_LINK', 3],
  ['UV_DIRENT_FIFO', 4],
  ['UV_DIRENT_SOCKET', 5],
  ['UV_DIRENT_CHAR', 6],
  ['UV_DIRENT_BLOCK', 7],
  ['S_IFMT', 0o170000],
  ['S_IFREG', 0o100000],
  ['S_IFDIR', 0o040000],
  ['S_IFCHR', 0o020000],
  ['S_IFBLK', 0o060000],
  ['S_IFIFO', 0o010000],
  ['S_IFLNK', 0o120000],
  ['S_IFSOCK', 0o140000],
  ['O_CREAT', 0o100],
  ['O_EXCL', 0o200],
  ['UV_FS_O_FILEMAP', 0],
  ['O_NOCTTY', 0o400],
  ['O_TRUNC', 0o1000],
  ['O_APPEND', 0o2000],
  ['O_DIRECTORY', 0o200000],
  ['O_NOATIME', 0o1000000],
  ['O_NOFOLLOW', 0o400000],
  ['O_SYNC', 0o4010000],
  ['O_DSYNC', 0o10000],
  ['O_DIRECT', 0o40000],
  ['O_NONBLOCK', 0o4000],
  ['S_IRWXU', 0o700],
  ['S_IRUSR', 0o400],
  ['S_IWUSR', 0o200],
  ['S_IXUSR', 0o100],
  ['S_IRWXG', 0o70],
  ['S_IRGRP', 0o40],
  ['S_IWGRP', 0o20],
  ['S_IXGRP', 0o10],
  ['S_IRWXO', 0o7],
  ['S_IROTH', 0o4],
  ['S_IWOTH', 0o2],
  ['S_IXOTH', 0o1],
  ['F_OK', 0],
  ['R_OK', 4],
  ['W_OK', 2],
  ['X_OK', 1],
  ['UV_FS_COPYFILE_EXCL', 1],
  ['COPYFILE_EXCL', 1],
  ['UV_FS_COPYFILE_FICLONE', 2],
  ['COPYFILE_FICLONE', 2],
  ['UV_FS_COPYFILE_FICLONE_FORCE', 4],
  ['COPYFILE_FICLONE_FORCE', 4],
];
for (let i = 0; i < table.length; i++) {
  const { 0: name, 1: value } = table[i]!;
  defineProperty(constants, name, descriptor({ value, enumerable: true }));
}
freeze(constants);

export { constants };
