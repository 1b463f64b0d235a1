/// Classes and functions that only hold data, whatever a pickle gives them: the closed list of the verdict `inert`.
///
/// A class is listed if making an instance and setting its state runs only its own code, opens nothing and imports
/// nothing. Classes of users are not listed: only their authors know what they do.
enum InertGlobals {
  static func contains(_ global: Pickle.Global) -> Bool {
    PythonNames.readings(of: global).contains { names.contains($0.qualifiedName) }
  }

  private static let names = Set(list.split(whereSeparator: \.isWhitespace).map(String.init))

  private static let list = """
    builtins.object builtins.bool builtins.int builtins.float builtins.complex builtins.str builtins.bytes
    builtins.bytearray builtins.list builtins.tuple builtins.dict builtins.set builtins.frozenset builtins.range
    builtins.slice builtins.Ellipsis builtins.NotImplemented builtins.NoneType types.NoneType types.SimpleNamespace
    argparse.Namespace collections.defaultdict collections.deque collections.Counter
    datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone
    _pydatetime.date _pydatetime.datetime _pydatetime.time _pydatetime.timedelta _pydatetime.timezone
    decimal.Decimal _decimal.Decimal fractions.Fraction uuid.UUID uuid.SafeUUID array.array
    pathlib.Path pathlib.PosixPath pathlib.WindowsPath pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath
    pathlib._local.Path pathlib._local.PosixPath pathlib._local.WindowsPath pathlib._local.PurePath
    pathlib._local.PurePosixPath pathlib._local.PureWindowsPath
    numpy.bool_ numpy.int8 numpy.int16 numpy.int32 numpy.int64 numpy.uint8 numpy.uint16 numpy.uint32 numpy.uint64
    numpy.float16 numpy.float32 numpy.float64 numpy.complex64 numpy.complex128 numpy.str_ numpy.bytes_
    numpy.random._pickle.__randomstate_ctor numpy.random._pickle.__generator_ctor
    numpy.random._pickle.__bit_generator_ctor numpy.random._mt19937.MT19937 numpy.random._pcg64.PCG64
    numpy.random._pcg64.PCG64DXSM numpy.random._philox.Philox numpy.random._sfc64.SFC64
    numpy.random.bit_generator.__pyx_unpickle_SeedSequence numpy.random.bit_generator.SeedSequence
    torch.torch_version.TorchVersion
    torch.distributed.checkpoint.metadata.Metadata torch.distributed.checkpoint.metadata.MetadataIndex
    torch.distributed.checkpoint.metadata.TensorStorageMetadata torch.distributed.checkpoint.metadata.TensorProperties
    torch.distributed.checkpoint.metadata.ChunkStorageMetadata torch.distributed.checkpoint.metadata.StorageMeta
    torch.distributed.checkpoint.metadata.BytesStorageMetadata
    torch.distributed.checkpoint.metadata._MEM_FORMAT_ENCODING
    torch.distributed.checkpoint.filesystem._StorageInfo torch.distributed.checkpoint.filesystem._StoragePrefix
    """
}
