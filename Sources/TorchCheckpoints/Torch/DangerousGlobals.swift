/// Globals that exist to run code, change files or reach the network.
///
/// A pickle that names one is refused unless the caller asks to go on, and going on still runs nothing. The list is kept
/// narrow: a class of a user's own module `code` or `trace`, a `urllib.parse` result or a `joblib` array wrapper is in
/// real checkpoints and does nothing as a record. So are `getattr`, `dict`, `set`, `functools.partial`,
/// `operator.attrgetter` and `copyreg._reconstructor`.
enum DangerousGlobals {
  static func contains(_ global: Pickle.Global) -> Bool {
    // Protocol 4 names an attribute of a class with dots: `Popen.__init__` is of `Popen`.
    let first = String(global.name.prefix { $0 != "." })
    return packages.contains(String(global.module.prefix { $0 != "." }))
      || modules.contains(global.module)
      || names[global.module]?.contains(first) == true
  }

  /// Whatever they and their submodules hold.
  private static let packages: Set<String> = [
    "os", "posix", "nt", "subprocess", "_posixsubprocess", "sys", "runpy", "webbrowser", "socket", "_socket", "shutil",
    "ctypes", "_ctypes", "cffi", "importlib", "_frozen_importlib", "imp", "zipimport", "pkgutil", "pty", "popen2",
    "pdb", "bdb", "marshal", "pickle", "_pickle", "cPickle", "requests", "httplib", "urllib2", "ftplib", "smtplib",
    "poplib", "imaplib", "telnetlib", "aiohttp", "httpx", "paramiko", "pexpect", "asyncio", "pip", "ensurepip", "venv",
    "idlelib", "lib2to3", "timeit", "cProfile", "pydoc", "doctest", "winreg", "_winreg", "_winapi", "msvcrt", "IPython",
  ]

  /// Whatever they hold themselves.
  private static let modules: Set<String> = [
    "http.client", "http.server", "urllib.request", "xmlrpc.client", "commands", "codeop", "torch.hub",
    "torch.utils.cpp_extension", "torch.utils.model_zoo", "torch.package", "torch._inductor.codecache",
    "torch.utils._config_module", "torch.utils.bottleneck.__main__", "torch.utils.collect_env",
    "numpy.testing._private.utils", "numpy.f2py", "numpy.f2py.crackfortran", "numpy.f2py.diagnose",
    "distutils.file_util", "distutils.spawn", "setuptools.command.easy_install", "multiprocessing.util",
    "concurrent.futures.process",
  ]

  private static let builtins: Set<String> = [
    "eval", "exec", "execfile", "compile", "open", "file", "input", "raw_input", "__import__", "breakpoint", "globals",
    "locals", "vars", "setattr", "delattr", "reload", "apply", "exit", "quit", "help", "memoryview",
  ]

  private static let names: [String: Set<String>] = [
    "builtins": builtins, "__builtin__": builtins, "__builtins__": builtins,
    "code": ["InteractiveInterpreter", "InteractiveConsole", "interact", "compile_command"],
    "profile": ["run", "runctx", "Profile"], "trace": ["Trace", "main"], "fileinput": ["input", "FileInput"],
    "linecache": ["getline", "getlines", "updatecache"], "signal": ["signal", "raise_signal", "pthread_kill"],
    "threading": ["Thread", "Timer"], "_thread": ["start_new_thread", "start_new"],
    "multiprocessing": ["Process", "Pool"], "multiprocessing.process": ["Process"], "multiprocessing.pool": ["Pool"],
    "tempfile": ["NamedTemporaryFile", "mkdtemp", "mkstemp", "mktemp", "TemporaryFile"],
    "site": ["main", "execsitecustomize"],
    "joblib": ["load", "dump"], "joblib.numpy_pickle": ["load", "dump"], "dill": ["load", "loads"],
    "dill._dill": ["load", "loads", "_eval_repr", "_import_module"], "cloudpickle": ["load", "loads"],
    "cloudpickle.cloudpickle": ["subimport", "dynamic_subimport"],
    "torch": ["load", "save", "compile"], "torch.serialization": ["load", "save"], "torch.jit": ["load", "save"],
    "torch.jit.unsupported_tensor_ops": ["execWrapper"],
    "torch.ops": ["load_library"], "torch._ops": ["load_library"],
    "numpy": ["load", "save", "loadtxt", "fromfile", "memmap"],
    "pandas": ["read_pickle"], "pandas.io.pickle": ["read_pickle"],
    "types": ["FunctionType", "CodeType", "ModuleType"],
    "operator": ["methodcaller"], "_operator": ["methodcaller"], "functools": ["reduce"], "_functools": ["reduce"],
    "io": ["open", "open_code", "FileIO"], "_io": ["open", "open_code", "FileIO"], "codecs": ["open"],
    "shelve": ["open"], "dbm": ["open"], "sqlite3": ["connect"], "_sqlite3": ["connect"], "platform": ["popen"],
    "logging.config": ["listen", "fileConfig", "dictConfig"], "ssl": ["get_server_certificate"],
  ]
}
