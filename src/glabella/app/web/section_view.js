import { failure } from "glabella_bus";
import { SectionView } from "glabella_section";

export default {
  template: `<div class="gl-section"></div>`,
  props: { simple: Boolean, editable: Boolean, section: String },
  mounted() {
    this.build();
  },
  beforeUnmount() {
    this.view?.dispose();
  },
  watch: {
    simple() {
      this.build();
    },
    editable(editable) {
      this.view.setEditable(editable);
    },
    section(url) {
      this.load(url);
    },
  },
  methods: {
    build() {
      this.view?.dispose();
      const onDepth = (depth_mm) => this.$emit("depth", { depth_mm });
      this.view = new SectionView(this.$el, { simple: this.simple, editable: this.editable, onDepth });
      if (this.section) this.load(this.section);
    },
    async load(url) {
      try {
        const site = await this.view.load(url);
        if (site) this.$emit("shown", { site });
      } catch (error) {
        this.$emit("failed", failure(error));
      }
    },
  },
};
