/** What the terms of a page mean: hidden texts for screen readers, and the one tip that shows them. */
import { saysId, setTerms, showTips } from "glabella_terms";
import { h } from "vue";

export default {
  props: { terms: Array },
  created() {
    setTerms(this.terms);
  },
  mounted() {
    this.off = showTips(this.$refs.tip);
  },
  beforeUnmount() {
    this.off?.();
  },
  render() {
    const says = this.terms.map((term) => h("p", { id: saysId(term.key) }, term.says));
    return h("div", [h("div", { hidden: true }, says), h("div", { ref: "tip", class: "gl-tip", role: "tooltip", popover: "manual" })]);
  },
};
