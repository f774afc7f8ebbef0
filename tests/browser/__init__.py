"""The page in a real Chromium against a real server and real kernels.

`stage.py` starts one server and one browser for all tests of a process; every test gets a fresh browser context and sessions of its own. A test
waits for what it claims to come, never for time to pass; what is compared is the text that a person would read. At the end of each
test the page must have met no error of its own and no violation of its content security policy.
"""
