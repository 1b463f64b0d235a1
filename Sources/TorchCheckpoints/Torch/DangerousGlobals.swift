/// Globals that exist to run code, open files or reach the network.
///
/// A pickle that names one is refused unless the caller asks to go on, and going on still runs nothing.
///
/// `getattr`, `dict`, `set`, `functools.partial`, `operator.attrgetter`, `copyreg._reconstructor` are not here: real
/// checkpoints hold them, and as records they do nothing.
enum DangerousGlobals {
  static func contains(_ global: Pickle.Global) -> Bool {
    let package = global.module.prefix { $0 != "." }
    return packages.contains(String(package))
      || modules.contains(global.module)
      || (builtins.contains(global.module) && builtinNames.contains(String(global.name.prefix { $0 != "." })))
      || names.contains("\(global.module).\(global.name)")
  }

  private static let packages: Set<String> = [
    "os", "posix", "nt", "posixpath", "ntpath", "subprocess", "sys", "runpy", "webbrowser", "socket", "shutil",
    "ctypes", "_ctypes", "cffi", "importlib", "imp", "code", "codeop", "pty", "commands", "popen2", "pdb", "bdb",
    "marshal", "pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "requests", "httplib", "urllib",
    "urllib2", "http", "ftplib", "smtplib", "telnetlib", "asyncio", "aiohttp", "httpx", "paramiko", "signal", "gc",
    "inspect", "pip", "ensurepip", "venv", "idlelib", "lib2to3", "timeit", "cProfile", "profile", "trace",
    "multiprocessing", "concurrent", "threading", "_thread", "_posixsubprocess", "_winapi", "winreg", "msvcrt",
    "pydoc", "doctest", "site", "sysconfig", "distutils", "setuptools", "pkgutil", "zipimport", "tempfile", "glob",
    "fileinput", "linecache", "mmap", "builtins_exec", "IPython", "pexpect",
  ]

  private static let modules: Set<String> = [
    "torch.hub", "torch.utils.cpp_extension", "torch.utils.model_zoo", "torch.package", "torch._inductor.codecache",
    "torch.utils._config_module", "torch.utils.bottleneck.__main__", "torch.utils.collect_env",
    "numpy.testing._private.utils", "numpy.f2py.crackfortran", "numpy.f2py", "numpy.distutils",
  ]

  private static let builtins: Set<String> = ["builtins", "__builtin__", "__builtins__"]

  private static let builtinNames: Set<String> = [
    "eval", "exec", "execfile", "compile", "open", "file", "input", "raw_input", "__import__", "breakpoint", "globals",
    "locals", "vars", "setattr", "delattr", "reload", "apply", "exit", "quit", "help", "memoryview",
  ]

  private static let names: Set<String> = [
    "torch.load", "torch.save", "torch.compile", "torch.serialization.load", "torch.jit.load",
    "torch.storage._load_from_bytes", "torch.jit.unsupported_tensor_ops.execWrapper", "torch.ops.load_library",
    "torch._ops._OpNamespace", "numpy.load", "numpy.save", "numpy.loadtxt", "numpy.fromfile", "numpy.memmap",
    "pandas.read_pickle", "types.FunctionType", "types.CodeType", "types.ModuleType", "operator.methodcaller",
    "io.open", "_io.open", "io.FileIO", "_io.FileIO", "codecs.open", "pathlib.Path.unlink", "functools.reduce",
    "shelve.open", "dbm.open", "sqlite3.connect", "getpass.getpass", "platform.popen", "logging.config.listen",
  ]
}
