// Where a photo is dropped or chosen. It goes to this computer's own server as it is, and to nobody else; what is wrong with it is one line.
import { ownUrl } from "glabella_bus";
import { h } from "vue";

const KINDS = "image/jpeg,image/png,image/webp,image/tiff,image/bmp";

export default {
  props: { url: String, open: Boolean, most: Number, closed_words: String },
  emits: ["sent", "refused"],
  data: () => ({ over: false, sending: false }),
  mounted() { // a file that misses the field must not open in place of the page
    this.off = (event) => event.preventDefault();
    for (const name of ["dragover", "drop"]) window.addEventListener(name, this.off);
  },
  beforeUnmount() {
    for (const name of ["dragover", "drop"]) window.removeEventListener(name, this.off);
  },
  methods: {
    async send(files) {
      this.over = false;
      if (!this.open) return this.$emit("refused", this.closed_words);
      if (!files.length || this.sending) return;
      if (files.length > 1) return this.$emit("refused", "photo: several files; drop one");
      if (files[0].size > this.most) return this.$emit("refused", `photo: larger than ${Math.floor(this.most / 1e6)} MB; save it smaller`);
      this.sending = true;
      try {
        const kind = { "content-type": "application/octet-stream" };
        const answer = await fetch(ownUrl(this.url), { method: "POST", body: files[0], headers: kind, cache: "no-store" });
        if (answer.ok) this.$emit("sent", null);
        else this.$emit("refused", await this.why(answer));
      } catch {
        this.$emit("refused", "photo: did not arrive; drop it again");
      } finally {
        this.sending = false;
      }
    },
    async why(answer) {
      const said = await answer.json();
      return said.detail ?? said.error?.message ?? "photo: not taken; drop it again";
    },
    dropped(event) {
      event.preventDefault();
      this.send(event.dataTransfer.files);
    },
    hover(event, over) {
      event.preventDefault();
      this.over = over;
    },
  },
  render() {
    const choose = h("input", {
      type: "file", accept: KINDS, class: "gl-visually-hidden", disabled: !this.open,
      onChange: (event) => { this.send([...event.target.files]); event.target.value = ""; },
    });
    const words = this.open ? [h("b", "Drop a photo here"), h("span", "or choose a file")] : [h("b", "Drop a photo here"), h("span", this.closed_words)];
    return h("label", {
      class: ["glp-drop", { over: this.over, closed: !this.open }],
      onDragover: (event) => this.hover(event, true), onDragleave: (event) => this.hover(event, false), onDrop: this.dropped,
    }, [choose, ...words]);
  },
};
