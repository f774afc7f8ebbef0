/** The names that Python has of its own: nothing underlines them, and nobody needs a kernel to say that they are built in. */
const OTHERS =
  "BaseException BaseExceptionGroup Ellipsis Exception ExceptionGroup GeneratorExit KeyboardInterrupt NotImplemented " +
  "StopAsyncIteration StopIteration SystemExit Warning abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable " +
  "chr classmethod compile complex delattr dict dir divmod enumerate eval exec filter float format frozenset getattr globals " +
  "hasattr hash help hex id input int isinstance issubclass iter len list locals map max memoryview min next object oct open ord " +
  "pow print property range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip";
const ERRORS =
  "Arithmetic Assertion Attribute BlockingIO BrokenPipe Buffer ChildProcess ConnectionAborted Connection ConnectionRefused " +
  "ConnectionReset EOF Environment FileExists FileNotFound FloatingPoint IO Import Indentation Index Interrupted IsADirectory Key " +
  "Lookup Memory ModuleNotFound Name NotADirectory NotImplemented OS Overflow Permission ProcessLookup Recursion Reference Runtime " +
  "Syntax System Tab Timeout Type UnboundLocal UnicodeDecode UnicodeEncode Unicode UnicodeTranslate Value ZeroDivision";
const WARNINGS = "Bytes Deprecation Encoding Future Import PendingDeprecation Resource Runtime Syntax Unicode User";

const NAMES: ReadonlySet<string> = new Set([
  ...OTHERS.split(" "),
  ...ERRORS.split(" ").map(one => `${one}Error`),
  ...WARNINGS.split(" ").map(one => `${one}Warning`),
]);

export const isBuiltIn = (name: string): boolean => NAMES.has(name);
