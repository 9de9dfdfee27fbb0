/** Text with its technical terms marked. `mark`: the text stays plain and a question mark behind it explains its first term. */
import { onTerms, pieces, termAttributes } from "glabella_terms";
import { h } from "vue";

export default {
  props: { tag: String, words: String, known: Array, mark: Boolean, labels: String },
  data: () => ({ come: 0 }),
  created() {
    this.off = onTerms(() => this.come++);
  },
  beforeUnmount() {
    this.off();
  },
  render() {
    void this.come; // drawn again once the glossary is there
    const parts = pieces(this.words, new Set(this.known ?? []));
    const button = (key, words, more = {}) => h("button", { ...termAttributes(key), ...more }, words);
    if (!this.mark) return h(this.tag, parts.map((part) => (part.key ? button(part.key, part.words) : part.words)));
    const first = parts.find((part) => part.key);
    const more = first && { class: "gl-term gl-term-mark", "aria-label": `What is meant: ${first.words}` };
    return h("span", [h(this.tag, { for: this.labels }, this.words), first && button(first.key, "?", more)]);
  },
};
