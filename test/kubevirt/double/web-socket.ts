import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** The server's end of one WebSocket (RFC 6455) with binary messages, as much as the port-forward protocol uses. */
export class WebSocketServerEnd {
  readonly #socket: Duplex;
  #pending = Buffer.alloc(0);
  #message: Buffer[] = [];
  onMessage: (message: Buffer) => void = () => undefined;
  onClose: () => void = () => undefined;

  constructor(request: IncomingMessage, socket: Duplex, protocol: string) {
    this.#socket = socket;
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${protocol}`];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => this.onClose());
    socket.on('error', () => socket.destroy());
  }

  /** False when the peer should be given time. */
  send(data: Buffer): boolean {
    return this.#frame(2, data);
  }

  whenDrained(resume: () => void): void {
    this.#socket.once('drain', resume);
  }

  close(): void {
    if (!this.#socket.destroyed) this.#frame(8, Buffer.alloc(0));
    this.#socket.end();
  }

  #frame(opcode: number, data: Buffer): boolean {
    if (this.#socket.destroyed || this.#socket.writableEnded) return true;
    const head = Buffer.alloc(data.length < 126 ? 2 : data.length < 65_536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    if (head.length === 2) head[1] = data.length;
    else if (head.length === 4) head.writeUInt16BE(data.length, ((head[1] = 126), 2));
    else head.writeBigUInt64BE(BigInt(data.length), ((head[1] = 127), 2));
    return this.#socket.write(Buffer.concat([head, data]));
  }

  #read(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
      const { opcode, final, data } = frame;
      if (opcode === 8) return this.close();
      if (opcode === 9) this.#frame(10, data);
      if (opcode > 2) continue;
      this.#message.push(data);
      if (!final) continue;
      const message = Buffer.concat(this.#message);
      this.#message = [];
      this.onMessage(message);
    }
  }

  /** The next whole frame; a client's are always masked. */
  #next(): { opcode: number; final: boolean; data: Buffer } | undefined {
    const buffer = this.#pending;
    if (buffer.length < 2) return undefined;
    const [first = 0, second = 0] = buffer;
    const short = second & 127;
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
    const start = 2 + extra + 4;
    if (buffer.length < start) return undefined;
    const length = extra === 2 ? buffer.readUInt16BE(2) : extra === 8 ? Number(buffer.readBigUInt64BE(2)) : short;
    if (buffer.length < start + length) return undefined;
    const mask = buffer.subarray(2 + extra, start);
    const data = Buffer.from(buffer.subarray(start, start + length).map((byte, index) => byte ^ (mask[index & 3] ?? 0)));
    this.#pending = buffer.subarray(start + length);
    return { opcode: first & 15, final: (first & 128) !== 0, data };
  }
}
