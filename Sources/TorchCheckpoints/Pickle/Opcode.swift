/// The pickle machine's instructions, by the names of Python's `pickletools.py`.
enum Opcode: UInt8 {
  // Numbers and constants.
  case int = 0x49  // I
  case binint = 0x4A  // J
  case binint1 = 0x4B  // K
  case binint2 = 0x4D  // M
  case long = 0x4C  // L
  case long1 = 0x8A
  case long4 = 0x8B
  case float = 0x46  // F
  case binfloat = 0x47  // G
  case none = 0x4E  // N
  case newtrue = 0x88
  case newfalse = 0x89

  // Texts and bytes.
  case string = 0x53  // S
  case binstring = 0x54  // T
  case shortBinstring = 0x55  // U
  case unicode = 0x56  // V
  case binunicode = 0x58  // X
  case shortBinunicode = 0x8C
  case binunicode8 = 0x8D
  case binbytes = 0x42  // B
  case shortBinbytes = 0x43  // C
  case binbytes8 = 0x8E
  case bytearray8 = 0x96
  case nextBuffer = 0x97
  case readonlyBuffer = 0x98

  // Containers.
  case emptyList = 0x5D  // ]
  case append = 0x61  // a
  case appends = 0x65  // e
  case list = 0x6C  // l
  case emptyTuple = 0x29  // )
  case tuple = 0x74  // t
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case emptyDict = 0x7D  // }
  case dict = 0x64  // d
  case setitem = 0x73  // s
  case setitems = 0x75  // u
  case emptySet = 0x8F
  case additems = 0x90
  case frozenset = 0x91

  // The stack and the memo.
  case pop = 0x30  // 0
  case dup = 0x32  // 2
  case mark = 0x28  // (
  case popMark = 0x31  // 1
  case get = 0x67  // g
  case binget = 0x68  // h
  case longBinget = 0x6A  // j
  case put = 0x70  // p
  case binput = 0x71  // q
  case longBinput = 0x72  // r
  case memoize = 0x94

  // Globals, objects, persistent ids: for Python, the instructions that run code.
  case ext1 = 0x82
  case ext2 = 0x83
  case ext4 = 0x84
  case global = 0x63  // c
  case stackGlobal = 0x93
  case reduce = 0x52  // R
  case build = 0x62  // b
  case inst = 0x69  // i
  case obj = 0x6F  // o
  case newobj = 0x81
  case newobjEx = 0x92
  case persid = 0x50  // P
  case binpersid = 0x51  // Q

  // The frame.
  case proto = 0x80
  case frame = 0x95
  case stop = 0x2E  // .

  /// By code: a table, since one is looked up for every instruction.
  static let byCode: [Opcode?] = (0...UInt8.max).map { Opcode(rawValue: $0) }
}
