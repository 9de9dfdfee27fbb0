// A native input, textarea or select whose text belongs to the person typing: what the server sends is shown only when it differs,
// and drawing the page anew never takes a letter back.
import { h } from "vue";

export default {
  name: "GlabellaField",
  props: { tag: String, value: [String, Number], attributes: Object, options: Array, send: String },
  emits: ["edit"],
  mounted() {
    this.show(this.value);
  },
  updated() {
    if (this.tag === "select" && this.$el.value !== String(this.shown)) this.$el.value = this.shown;
  },
  watch: {
    value(value) {
      this.show(value);
    },
  },
  methods: {
    show(value) {
      this.shown = value ?? "";
      if (this.$el.value !== String(this.shown)) this.$el.value = this.shown;
    },
    set_value(value) {
      this.show(value);
    },
    edited(event) {
      this.shown = event.target.value;
      this.$emit("edit", event.target.value);
    },
  },
  render() {
    const event = this.send === "change" ? "onChange" : "onInput";
    const options = (this.options || []).map(([value, words]) => h("option", { key: value, value }, words));
    return h(this.tag, { ...this.attributes, [event]: this.edited }, options);
  },
};
