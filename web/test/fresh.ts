/**
 * Runs before each test file: the files of one worker share its process, and none shares the state of a module with another.
 */
import { vi } from "vitest";

vi.resetModules();
