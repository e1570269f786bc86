import { Button, createTheme, Modal, NativeSelect, PasswordInput, TextInput } from "@mantine/core";

/** Colours and sizes are in theme.css: the provider writes none, so that no style is made by script. */
export const theme = createTheme({
  primaryColor: "teal",
  defaultRadius: "md",
  fontFamily: "system-ui, sans-serif",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // Locking the page's scroll would make a <style> by script.
    Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true, transitionProps: { duration: 0 } } }),
    Button: Button.extend({ defaultProps: { size: "xs" } }),
    TextInput: TextInput.extend({ defaultProps: { size: "xs" } }),
    NativeSelect: NativeSelect.extend({ defaultProps: { size: "xs" } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: "xs" } }),
  },
});
