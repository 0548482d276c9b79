import { useUi } from "../store/ui";
import { Dialog } from "../ui/dialog";

const KEYS: [string, [string, string][]][] = [
  [
    "Draw",
    [
      ["/", "Add a node"],
      ["Tab", "Add a node after the selected one"],
      ["Ctrl+C  Ctrl+V", "Copy and paste nodes"],
      ["Ctrl+D", "Duplicate"],
      ["D", "Disable or enable"],
      ["Delete", "Delete the selection"],
      ["Ctrl+Z  Ctrl+Shift+Z", "Undo, redo"],
    ],
  ],
  [
    "Look",
    [
      ["Ctrl+K", "Go to a node"],
      ["F", "Fit to screen"],
      ["Shift+L", "Tidy up"],
      ["Ctrl+A", "Select all"],
      ["Shift+drag", "Select an area"],
      ["Arrows", "Move the selected nodes"],
      ["Esc", "Select nothing"],
    ],
  ],
  [
    "Work",
    [
      ["Ctrl+S", "Save"],
      ["Ctrl+Enter", "Run"],
      ["P", "Publish as a crate"],
      ["Ctrl+Space", "Complete an expression"],
      ["?", "This page"],
    ],
  ],
];

export function HelpDialog() {
  return (
    <Dialog title="Keyboard" wide onClose={() => useUi.setState({ dialog: null })}>
      <div className="help">
        {KEYS.map(([title, rows]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {rows.map(([keys, text]) => (
                <div key={text}>
                  <dt>
                    {keys.split("  ").map((chord) => (
                      <span key={chord} className="chord">
                        {chord.split("+").map((key) => (
                          <kbd key={key} className="kbd">
                            {key}
                          </kbd>
                        ))}
                      </span>
                    ))}
                  </dt>
                  <dd>{text}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="quiet-text">
        Made with the work of others: <a href="/licences.txt">licences</a>.
      </p>
    </Dialog>
  );
}
