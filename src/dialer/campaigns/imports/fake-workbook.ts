import { crc32, deflateRawSync } from "node:zlib";

// Excel's files as they are on the wire, made by hand so that a test can make them wrong.

export interface FakePart {
  name: string;
  text: string | Buffer;
  /** What the archive says of its unpacked size, when that is a lie. */
  saysBytes?: number;
}

/** A zip archive, packed. */
export function toZip(parts: readonly FakePart[]): Buffer {
  let offset = 0;
  const bodies: Buffer[] = [];
  const entries: Buffer[] = [];
  for (const { name, text, saysBytes } of parts) {
    const data = Buffer.from(text);
    const packed = deflateRawSync(data);
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(8, 4);
    head.writeUInt32LE(crc32(data), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(saysBytes ?? data.length, 18);
    head.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), head, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    entries.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), head, tail, Buffer.from(name)]));
    bodies.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, directory, end]);
}

/** A workbook whose first sheet is this XML; `shared` are the texts that cells refer to. */
export function toWorkbook(sheet: string, shared: readonly string[] = []): Buffer {
  const texts = shared.map((text) => `<si><t>${text}</t></si>`).join("");
  return toZip([
    { name: "[Content_Types].xml", text: "<Types/>" },
    {
      name: "xl/workbook.xml",
      text: '<workbook xmlns:r="r"><sheets><sheet name="One" sheetId="1" r:id="rId7"/></sheets></workbook>',
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      text: '<Relationships><Relationship Id="rId7" Target="worksheets/sheet9.xml"/></Relationships>',
    },
    { name: "xl/sharedStrings.xml", text: `<sst>${texts}</sst>` },
    { name: "xl/worksheets/sheet9.xml", text: `<worksheet><sheetData>${sheet}</sheetData></worksheet>` },
  ]);
}
