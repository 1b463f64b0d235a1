import StateDicts
import Testing

@testable import TorchCheckpoints

/// Which names are dangerous, which only hold data, and which are on no list.
@Suite("Verdicts of globals")
struct DangerousGlobalsTests {
  private func verdict(_ text: String) -> GlobalUse.Verdict {
    let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
    let global = Pickle.Global(module: parts[0], name: parts[1])
    return GlobalMeaning(global).verdict(of: global)
  }

  @Test(
    "a module among the attributes, under its own name or an alias, leads to what it holds",
    arguments: [
      "torch.serialization os.system", "random _os.system", "torch serialization.os.system", "collections _sys.modules",
      "torch.nn.functional torch.load", "torch.storage io.open", "torch.serialization pickle.loads",
      "inspect importlib.import_module", "mypkg.data np.load", "mypkg.data pd.read_csv", "mypkg osp.os", "torch os",
      "mypkg.utils _subprocess", "torch.utils.data torch.multiprocessing.spawn", "mypkg Net.code.interact",
    ])
  func modulesAmongAttributes(_ name: String) { #expect(verdict(name) == .dangerous) }

  @Test(
    "attributes through which everything is reached",
    arguments: [
      "numpy __builtins__", "numpy __builtins__.__getitem__", "mypkg Net.forward.__globals__",
      "builtins str.__class__.__base__.__subclasses__", "builtins dict.get.__self__",
      "torch.storage _load_from_bytes.__globals__", "builtins object.__setattr__", "builtins object.__getattribute__",
      "builtins object.__reduce_ex__", "mypkg Net.forward.__code__", "mypkg Net.forward.func_globals",
      "collections OrderedDict.__dict__", "mypkg Net.gi_frame.f_globals",
    ])
  func gateways(_ name: String) { #expect(verdict(name) == .dangerous) }

  @Test(
    "functions under other names and in private, test and old modules",
    arguments: [
      "numpy.lib.npyio load", "numpy.lib._npyio_impl load", "multiprocessing.context Process", "_imp create_dynamic",
      "_io open_code", "tokenize _builtin_open", "test.support.script_helper assert_python_ok", "idlelib.pyshell main",
      "lib2to3.refactor main", "ensurepip._run_pip x", "distutils.spawn spawn", "uuid _get_command_stdout",
      "_osx_support _read_output", "_interpreters create", "huggingface_hub.file_download hf_hub_download",
      "user_code.tools Popen", "mypkg check_output", "pathlib PosixPath.read_bytes", "pathlib Path.unlink",
      "numpy ndarray.tofile", "torch FloatStorage.from_file", "transformers AutoModel.from_pretrained",
      "torch._dynamo.guards GuardBuilder.get", "torch.fx.graph_module reduce_graph_module", "torch.jit load",
      "torch._C import_ir_module", "torch.distributed.rpc rpc_sync", "torch.utils.data._utils.worker _worker_loop",
      "torch.distributed.distributed_c10d _tensor_to_object", "scipy.io loadmat", "pandas eval",
      "pandas.compat.pickle_compat load", "joblib.numpy_pickle load", "yaml unsafe_load", "ruamel.yaml.main load",
      "jsonpickle decode", "keras.models load_model", "keras.layers.core Lambda", "transformers pipeline",
      "invoke run", "fabric Connection", "dill._dill _create_code", "cloudpickle.cloudpickle _make_function",
      "sklearn.externals.joblib load", "pip._vendor.requests get", "mypkg._vendor.requests get",
      "six.moves.builtins eval",
      "copyreg add_extension", "types LambdaType", "typing get_type_hints", "logging.config dictConfig",
      "matplotlib.font_manager json_load", "PIL.ImageShow show", "sqlite3.dbapi2 connect", "os\t system",
      "os\r system\r",
    ])
  func kinds(_ name: String) { #expect(verdict(name) == .dangerous) }

  @Test(
    "Python 2's names are read as Python 3 reads them",
    arguments: [
      "commands getoutput", "__builtin__ execfile", "__builtin__ reduce", "copy_reg add_extension", "cPickle loads",
      "urllib urlopen", "urllib2 urlopen", "SimpleXMLRPCServer resolve_dotted_attribute", "httplib HTTPConnection",
      "tkFileDialog askopenfile", "dbhash open", "anydbm open", "thread start_new_thread", "_winreg CreateKey",
      "multiprocessing.forking Popen", "_multiprocessing Connection", "StringIO open", "test.test_support run_unittest",
      "__builtin__ intern", "SocketServer TCPServer", "whichdb whichdb", "_elementtree parse",
    ])
  func python2(_ name: String) { #expect(verdict(name) == .dangerous) }

  @Test(
    "classes that only hold data",
    arguments: [
      "argparse Namespace", "collections defaultdict", "datetime datetime", "pathlib PosixPath",
      "pathlib._local PosixPath", "decimal Decimal", "uuid UUID", "builtins set", "__builtin__ set",
      "__builtin__ unicode", "__builtin__ long", "numpy.random._pickle __randomstate_ctor",
      "torch.distributed.checkpoint.metadata Metadata",
    ])
  func inert(_ name: String) { #expect(verdict(name) == .inert) }

  @Test(
    "what is on no list, and what real checkpoints name",
    arguments: [
      "functools partial", "builtins getattr", "__builtin__ getattr", "operator attrgetter", "operator itemgetter",
      "copyreg _reconstructor", "copy_reg _reconstructor", "UserDict UserDict", "itertools starmap", "builtins filter",
      "types MethodType", "logging getLogger", "torch.nn.modules.linear Linear", "torch.optim.adam Adam",
      "__main__ Net", "mypkg.code Foo", "mypkg.code interact", "mypkg.os_utils system", "code Net", "trace Tracer",
      "mypkg Context.invoke", "mypkg load", "mypkg Model.load", "mypkg.datasets.coco Coco", "datasets.coco Coco",
      "mypkg.compat.yaml Loader", "posixish system", "osx system", "urllib.parse ParseResult", "mypkg Color.test",
      "joblib.numpy_pickle NumpyArrayWrapper", "torch._dynamo.eval_frame OptimizedModule", "omegaconf DictConfig",
      "transformers.training_args TrainingArguments", "pytorch_lightning.utilities.parsing AttributeDict",
      "deepspeed.runtime.fp16.loss_scaler LossScaler", "pandas.core.frame DataFrame", "evil FloatStorage",
    ])
  func unknown(_ name: String) { #expect(verdict(name) == .unknown) }

  @Test("what makes tensors and plain values is known", arguments: ["torch FloatStorage", "torch.cuda HalfStorage"])
  func known(_ name: String) { #expect(verdict(name) == .known) }

  @Test("a path of very many parts is refused, not followed")
  func long() {
    let path = Array(repeating: "a", count: 1_000_000).joined(separator: ".")
    #expect(verdict("mypkg \(path)") == .dangerous)
  }
}
